package io.quire.memory.structure;

/**
 * The sizes that blocks can have: multiples of 16 bytes, four to each doubling, so that less than a quarter of a block
 * stays unused; in the two smallest sizes it can be more. All methods are pure.
 * <pre>
 *   class   0   1   2   3   4    5    6    7    8    9   10 ...         122
 *   bytes  32  48  64  80  96  112  128  160  192  224  256 ...  2^36 (64 GiB)
 * </pre>
 */
final class SizeClasses {

    /** The largest block. It has room for two Java arrays of any length, or a table of 2^32 slots. */
    static final long LARGEST = 1L << 36;

    /** From here on each doubling has four classes; below, every multiple of 16 from 32 has one. */
    private static final int REGULAR_LOG2 = 6;
    private static final int REGULAR_FIRST = 2;
    private static final int STEPS_LOG2 = 2;
    private static final int STEPS = 1 << STEPS_LOG2;

    /** The smallest block. */
    static final int SMALLEST = 2 * BlockHeader.GRAIN;

    static final int COUNT = of(LARGEST) + 1;

    private SizeClasses() {
    }

    /** The smallest class whose blocks have at least this many bytes, which are 1 to {@link #LARGEST}. */
    static int of(long bytes) {
        if (bytes <= 1L << REGULAR_LOG2) {
            return (int) (Math.max(bytes, SMALLEST) - 1) / BlockHeader.GRAIN - 1;
        }
        int log2 = Long.SIZE - 1 - Long.numberOfLeadingZeros(bytes - 1);
        int step = (int) ((bytes - 1) >>> (log2 - STEPS_LOG2)) & (STEPS - 1);
        return REGULAR_FIRST + (log2 - REGULAR_LOG2) * STEPS + step + 1;
    }

    /** The size of the blocks of a class. */
    static long bytes(int sizeClass) {
        if (sizeClass < REGULAR_FIRST) {
            return SMALLEST + (long) sizeClass * BlockHeader.GRAIN;
        }
        int log2 = REGULAR_LOG2 + (sizeClass - REGULAR_FIRST) / STEPS;
        int steps = STEPS + (sizeClass - REGULAR_FIRST) % STEPS;
        return (long) steps << (log2 - STEPS_LOG2);
    }

    /**
     * The class of the largest block that can be cut off a range so that the rest is empty or has room for a block.
     *
     * @param bytes a multiple of 16, at least {@link #SMALLEST}
     */
    static int largestIn(long bytes) {
        if (bytes >= LARGEST + SMALLEST) {
            return COUNT - 1;
        }
        int sizeClass = of(Math.min(bytes, LARGEST));
        while (bytes(sizeClass) > bytes || bytes - bytes(sizeClass) == BlockHeader.GRAIN) {
            sizeClass--;
        }
        return sizeClass;
    }
}
