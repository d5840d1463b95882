package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameUnits.NONE;

import java.util.concurrent.atomic.AtomicReference;

/**
 * All magazines that may have frames, so that other threads can take frames from owners that are idle or gone. Each
 * change copies the array: if two snapshots are the same array, no magazine was added or removed in between. Lock-free.
 */
final class MagazineRegistry {
    private static final MagazineSlots[] NO_MAGAZINES = {};

    private final AtomicReference<MagazineSlots[]> all = new AtomicReference<>(NO_MAGAZINES);

    /** Returns the current array, which the caller must not change. */
    MagazineSlots[] snapshotAcquire() {
        // ORDER(magazine-registry) acquire: the slots of every member are initialized.
        return all.getAcquire();
    }

    /** True if no magazine was added or removed since that snapshot. */
    @SuppressWarnings("ReferenceEquality") // identity is the point: every change makes a new array
    boolean isCurrent(MagazineSlots[] snapshot) {
        return snapshot == snapshotAcquire();
    }

    void add(MagazineSlots magazine) {
        boolean added = false;
        while (!added) {
            MagazineSlots[] seen = snapshotAcquire();
            // ORDER(magazine-registry) release: slots first, then the array that shows them to thieves.
            added = all.compareAndSet(seen, with(seen, magazine));
        }
    }

    /** Removes a magazine that is empty and stays empty. Does nothing if it is not registered. */
    void remove(MagazineSlots magazine) {
        boolean removed = false;
        while (!removed) {
            MagazineSlots[] seen = snapshotAcquire();
            int index = indexOf(seen, magazine);
            removed = index == NONE || all.compareAndSet(seen, without(seen, index));
        }
    }

    /** Takes one frame out of any of these magazines, starting with number {@code from}; NONE if it found none. */
    static int takeAny(MagazineSlots[] magazines, int from) {
        for (int step = 0; step < magazines.length; step++) {
            int frame = magazines[(from + step) % magazines.length].takeAny();
            if (frame != NONE) {
                return frame;
            }
        }
        return NONE;
    }

    /** Number of frames that were put into these magazines so far. */
    static long puts(MagazineSlots[] magazines) {
        long puts = 0;
        for (MagazineSlots magazine : magazines) {
            puts += magazine.putsAcquire();
        }
        return puts;
    }

    /** Number of frames in these magazines; exact when quiescent. */
    static int frames(MagazineSlots[] magazines) {
        int frames = 0;
        for (MagazineSlots magazine : magazines) {
            for (int slot = 0; slot < magazine.capacity(); slot++) {
                frames += magazine.holdsAcquire(slot) ? 1 : 0;
            }
        }
        return frames;
    }

    private static MagazineSlots[] with(MagazineSlots[] from, MagazineSlots magazine) {
        MagazineSlots[] to = new MagazineSlots[from.length + 1];
        System.arraycopy(from, 0, to, 0, from.length);
        to[from.length] = magazine;
        return to;
    }

    private static MagazineSlots[] without(MagazineSlots[] from, int index) {
        MagazineSlots[] to = new MagazineSlots[from.length - 1];
        System.arraycopy(from, 0, to, 0, index);
        System.arraycopy(from, index + 1, to, index, to.length - index);
        return to;
    }

    private static int indexOf(MagazineSlots[] magazines, MagazineSlots magazine) {
        for (int index = 0; index < magazines.length; index++) {
            if (magazines[index] == magazine) {
                return index;
            }
        }
        return NONE;
    }
}
