package io.quire.memory.structure;

/**
 * What is known on the heap about the free blocks of a map in one space, so that a writer need not look at every free
 * list. It is derived from the map, and forgotten when somebody else may have changed the map. Used by the holder of
 * the writer lock.
 */
final class FreeHints {

    private static final long UNKNOWN = -1;

    /** The sequence of the map for which the hints are right. */
    private long sequence = UNKNOWN;

    /** A bit for each size class. If it is clear, the free list is empty. */
    private long low;
    private long high;

    private long freedBytes;
    /** True if everything that became free since a sweep began was counted. */
    private boolean sweepBegun;
    private boolean swept;

    /** Prepares for a change of the map, which is at this sequence. */
    void begin(long now, Overlay words) {
        if (sequence != now) {
            read(words);
        }
        sequence = UNKNOWN; // until it is known how the change ends
    }

    /** Notes that the change has ended and the map is at this sequence. */
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

    /** Notes that all lists are empty. */
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

    /** Notes that a list is empty. */
    void remove(int sizeClass) {
        if (sizeClass < Long.SIZE) {
            low &= ~(1L << sizeClass);
        } else {
            high &= ~(1L << (sizeClass - Long.SIZE));
        }
    }

    /**
     * The first class, from the given one on, whose list may have blocks; {@link SizeClasses#COUNT} if there is none.
     */
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

    /** Notes that a part of a block went into a list. */
    void linked(int sizeClass) {
        add(sizeClass);
    }

    /** Notes that a block became free and went into a list. */
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

    /** The number of bytes that became free since the last sweep began, as far as is known. */
    long freedBytes() {
        return freedBytes;
    }

    /** True if a sweep went over all blocks and nothing became free since it began. */
    boolean isSwept() {
        return swept;
    }
}
