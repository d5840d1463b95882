package io.quire.memory.frame;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Uses everything that an access to memory uses of the JDK. A class of the JDK is initialized when it is used first;
 * one whose initializer is ended by a full stack, amid a read or a write, would be useless for the rest of the process.
 */
public final class FirstUses {

    private static final int PAGE_BYTES = 4096;

    /** Copies of a few bytes and of many go different ways. */
    private static final int[] COPIED_BYTES = {1, 8, 24, 64, PAGE_BYTES};

    private FirstUses() {
    }

    /** Makes them, in memory of their own; some microseconds, but for the first time. */
    public static void make() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment two = arena.allocate(2 * PAGE_BYTES, PAGE_BYTES);
            FrameMemory memory = new FrameMemory(new MemorySegment[] {two});
            long offset = FrameMemory.origin(0, two);
            words(memory, offset);
            for (int sizeBytes : COPIED_BYTES) {
                ranges(memory, offset, sizeBytes);
            }
            memory.readOnly(offset, PAGE_BYTES, arena);
            FrameMemory.zeros(PAGE_BYTES, arena);
        }
    }

    private static void words(FrameMemory memory, long offset) {
        memory.setByte(offset, memory.getByte(offset));
        memory.setShort(offset, (short) 1);
        memory.setInt(offset, 1);
        memory.setLong(offset, memory.getLong(offset));
        memory.setIntOpaque(offset, 1);
        memory.setIntRelease(offset, 1);
        memory.setLongOpaque(offset, 1);
        memory.setLongRelease(offset, 1);
        memory.compareAndSetInt(offset, 1, 1);
        memory.compareAndSetLong(offset, 1, 1);
        memory.getAndAddInt(offset, 1);
        memory.getAndAddLong(offset, 1);
    }

    private static void ranges(FrameMemory memory, long offset, int sizeBytes) {
        MemorySegment array = MemorySegment.ofArray(new byte[sizeBytes]);
        memory.copyTo(offset, array, 0, sizeBytes);
        memory.copyFrom(array, 0, offset, sizeBytes);
        memory.copy(offset, offset + PAGE_BYTES, sizeBytes);
        memory.fill(offset, sizeBytes, (byte) 0);
        memory.mismatch(offset, array, 0, sizeBytes);
        memory.mismatch(offset, memory, offset + PAGE_BYTES, sizeBytes);
    }
}
