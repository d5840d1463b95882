package io.quire.memory.allocator;

/**
 * The 64 bits of one row of frames. All methods are pure; {@link FrameTrees} publishes their results.
 * <pre>
 *  63                                                              0
 * +-----------------------------------------------------------------+
 * | one bit a frame, lowest frame in bit 0: 1 = allocated, 0 = free |
 * +-----------------------------------------------------------------+
 * </pre>
 * The bits of a huge frame stay 0: only {@link TreeWord} says that it is allocated. Frames past the end of the pool are
 * always allocated.
 */
final class RowWord {
    /** The largest order that fits into one row. */
    static final int ORDER_MAX = FrameUnits.ROW_SHIFT;

    /** By order: the bits at which an aligned run may begin. */
    private static final long[] STARTS = {
        0xFFFF_FFFF_FFFF_FFFFL, 0x5555_5555_5555_5555L, 0x1111_1111_1111_1111L, 0x0101_0101_0101_0101L,
        0x0001_0001_0001_0001L, 0x0000_0001_0000_0001L, 0x0000_0000_0000_0001L,
    };

    private RowWord() {
    }

    /** The bit of one frame. */
    static long bit(int frame) {
        return 1L << frame; // a shift uses the low six bits only
    }

    /** The bits of {@code 1 << order} frames from {@code frame} on; {@code frame} is aligned to that size. */
    static long run(int frame, int order) {
        return ones(1 << order) << frame;
    }

    /** The lowest free frames, at most {@code want} (1 to 64) of them; 0 if none is free. */
    static long lowest(long word, int want) {
        long free = ~word;
        return want == 1 ? Long.lowestOneBit(free) : Long.expand(ones(want), free);
    }

    /** The lowest free aligned run of {@code 1 << order} frames; 0 if there is none. */
    static long lowestRun(long word, int order) {
        long starts = ~word;
        for (int step = 0; step < order; step++) {
            starts &= starts >>> (1 << step);
        }
        long start = Long.lowestOneBit(starts & STARTS[order]);
        return start == 0 ? 0 : run(Long.numberOfTrailingZeros(start), order);
    }

    /** True if every frame of {@code mask} is allocated. */
    static boolean allTaken(long word, long mask) {
        return (word & mask) == mask;
    }

    /** Frames of {@code mask} become allocated. */
    static long take(long word, long mask) {
        assert (word & mask) == 0 : "bits are taken twice: " + toString(word) + ", mask=" + toString(mask);
        return word | mask;
    }

    /** Frames of {@code mask} become free. */
    static long give(long word, long mask) {
        assert allTaken(word, mask) : "bits are given twice: " + toString(word) + ", mask=" + toString(mask);
        return word & ~mask;
    }

    static int free(long word) {
        return Long.bitCount(~word);
    }

    static String toString(long word) {
        return "0x%016x".formatted(word);
    }

    private static long ones(int count) {
        return -1L >>> (Long.SIZE - count);
    }
}
