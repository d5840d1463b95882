package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameUnits.NONE;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * The shared part of a {@link Magazine}: its frames, which any thread may take but only the owner may put. A frame
 * leaves its slot by an atomic exchange, so either the owner or a thief gets it. A frame enters its slot by a release
 * store, which is enough because only the owner fills slots and it knows that this one is empty.
 *
 * <p>A frame in a slot is allocated according to its bit, but counts as free. A slot has the number of the frame + 1,
 * or 0 if it is empty. Wait-free.
 */
final class MagazineSlots {
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle PUTS;

    private static final int EMPTY = 0;

    static {
        try {
            PUTS = MethodHandles.lookup().findVarHandle(MagazineSlots.class, "puts", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final int[] slots;
    private final WeakReference<@Nullable Magazine> owner;

    /** Number of frames put so far. Only the owner writes it. */
    private long puts;

    MagazineSlots(int capacity, @Nullable Magazine owner) {
        this.slots = new int[capacity];
        this.owner = new WeakReference<>(owner);
    }

    int capacity() {
        return slots.length;
    }

    /** Puts a frame into an empty slot. For the owner only. */
    void put(int slot, int frame) {
        assert slots[slot] == EMPTY : "slot is in use: slot=" + slot + ", frame=" + frame(slots[slot]);
        // ORDER(magazine-slot) release: accesses of whoever freed the frame come first.
        SLOT.setRelease(slots, slot, frame + 1);
        // ORDER(magazine-put) release: a thread that sees a later allocation of the owner sees this put counted.
        try {
            PUTS.setRelease(this, puts + 1);
        } catch (StackOverflowError full) {
            puts++; // the frame is in, so this must not fail: a plain store needs no stack
        }
    }

    /** Takes the frame of a slot; NONE if it is empty. */
    int take(int slot) {
        // ORDER(magazine-slot) acquire: accesses of whoever freed the frame are over.
        return frame((int) SLOT.getAndSet(slots, slot, EMPTY));
    }

    /** Takes the first frame found, for a thief; NONE if all slots are empty. */
    int takeAny() {
        for (int slot = 0; slot < slots.length; slot++) {
            int frame = holdsAcquire(slot) ? take(slot) : NONE;
            if (frame != NONE) {
                return frame;
            }
        }
        return NONE;
    }

    /** True if each slot was empty when it was looked at. */
    boolean isEmpty() {
        for (int slot = 0; slot < slots.length; slot++) {
            if (holdsAcquire(slot)) {
                return false;
            }
        }
        return true;
    }

    /** The frame in a slot, which stays there; NONE if the slot is empty. */
    int frameAcquire(int slot) {
        return frame((int) SLOT.getAcquire(slots, slot));
    }

    boolean holdsAcquire(int slot) {
        // ORDER(magazine-slot) acquire: a thread that finds the slot emptied sees the transfer that emptied it.
        return (int) SLOT.getAcquire(slots, slot) != EMPTY;
    }

    long putsAcquire() {
        // ORDER(magazine-put) acquire: the search that follows finds what was put before.
        return (long) PUTS.getAcquire(this);
    }

    /** True if the magazine became unreachable without being closed. */
    boolean isAbandoned() {
        return owner.refersTo(null);
    }

    private static int frame(int slot) {
        return slot - 1; // EMPTY becomes NONE
    }
}
