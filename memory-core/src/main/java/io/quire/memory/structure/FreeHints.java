package io.quire.memory.structure;

/**
 * What the heap knows about the free blocks of a map in one space, so that a writer need not look at every free list.
 * Derived from the map, and forgotten when somebody else may have changed it. Used by the holder of the writer lock.
 */
final class FreeHints {

    private static final long UNKNOWN = -1;

    /** The sequence of the map that this is about. */
    private long sequence = UNKNOWN;

    /** A bit for each class; if it is not set, the free list is empty. */
    private long low;
    private long high;

    private long freedBytes;
    private boolean sweepBegun; // since then all that became free was counted
    private boolean swept;

    /** Prepares for a change of the map as it is at a sequence. */
    void begin(long now, Overlay words) {
        if (sequence != now) {
            read(words);
        }
        sequence = UNKNOWN; // until it is known how the change ends
    }

    /** The change has ended and the map is at that sequence. */
    void end(long now) {
        sequence = now;
    }

    private void read(Overlay words) {
        clear();
        sweepBegun = false;
        swept = false;
        for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
            if (words.get(MapHeader.freeListAt(sizeClass)) != 0) {
                add(sizeClass);
            }
        }
    }

    /** All lists are empty. */
    void clear() {
        low = 0;
        high = 0;
        freedBytes = 0;
    }

    private void add(int sizeClass) {
        if (sizeClass < Long.SIZE) {
            low |= 1L << sizeClass;
        } else {
            high |= 1L << (sizeClass - Long.SIZE);
        }
    }

    /** A list is empty. */
    void remove(int sizeClass) {
        if (sizeClass < Long.SIZE) {
            low &= ~(1L << sizeClass);
        } else {
            high &= ~(1L << (sizeClass - Long.SIZE));
        }
    }

    /** The first class from one on whose list may have blocks, or {@link SizeClasses#COUNT}. */
    int first(int sizeClass) {
        if (sizeClass < Long.SIZE) {
            long from = low & -1L << sizeClass;
            if (from != 0) {
                return Long.numberOfTrailingZeros(from);
            }
        }
        int shift = Math.max(sizeClass - Long.SIZE, 0);
        long from = high & -1L << shift;
        return from == 0 ? SizeClasses.COUNT : Long.SIZE + Long.numberOfTrailingZeros(from);
    }

    /** A part of a block went into a list. */
    void linked(int sizeClass) {
        add(sizeClass);
    }

    /** A block became free and went into a list. */
    void freed(int sizeClass) {
        add(sizeClass);
        freedBytes += SizeClasses.bytes(sizeClass);
        swept = false;
    }

    // ---- about sweeps

    void sweepBegins() {
        clear();
        sweepBegun = true;
    }

    void sweepEnds() {
        swept = sweepBegun && freedBytes == 0;
    }

    /** How much became free since the last sweep began, as far as is known. */
    long freedBytes() {
        return freedBytes;
    }

    /** Whether nothing became free since a sweep began that went over all blocks. */
    boolean isSwept() {
        return swept;
    }
}
