package io.quire.memory.softdevice;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/** The frames of a {@link JavaDevice}: their bytes, which of them are allocated, and how often each was allocated. */
final class FrameStates {

    private static final long POISON = 0xDEDE_DEDE_DEDE_DEDEL;

    private final MemorySegment memory;
    private final boolean[] live;
    private final int[] generations;
    private boolean poisons = true;

    FrameStates(MemorySegment memory, int frames) {
        this.memory = memory;
        this.live = new boolean[frames];
        this.generations = new int[frames];
    }

    boolean has(int frame) {
        return frame >= 0 && frame < live.length;
    }

    MemorySegment bytes(int frame) {
        return memory.asSlice((long) frame * SoftwareDevice.PAGE_BYTES, SoftwareDevice.PAGE_BYTES);
    }

    boolean isLive(int frame) {
        return live[frame];
    }

    int generation(int frame) {
        return generations[frame];
    }

    void allocate(int frame) {
        live[frame] = true;
        generations[frame]++;
    }

    /** Marks a frame as free. Poisons it unless that is off, so that a later read of the frame is noticed. */
    void free(int frame) {
        live[frame] = false;
        if (poisons) {
            for (long at = 0; at < SoftwareDevice.PAGE_BYTES; at += Long.BYTES) { // no slice, because it would allocate
                memory.set(JAVA_LONG, (long) frame * SoftwareDevice.PAGE_BYTES + at, POISON);
            }
        }
    }

    void poison(boolean on) {
        poisons = on;
    }

    /** Returns true if the translation leads to a frame that was freed since the translation was made. */
    boolean isStale(PageTable.Slot slot) {
        return slot.frame >= 0 && (!live[slot.frame] || generations[slot.frame] != slot.generation);
    }
}
