package io.quire.memory.structure;

/**
 * The place and the size of the table in one word, so that one store replaces the table. All methods are pure.
 * <pre>
 *  63       49 48                                          6 5        0
 * +-----------+---------------------------------------------+----------+
 * |     0     |              BLOCK OFFSET / 16              | CAPACITY |  2^n slots
 * +-----------+---------------------------------------------+----------+
 *      15                           43                            6  bits
 * </pre>
 */
final class TableWord {

    /** A map that never had an entry, or was cleared, has no table. */
    static final long NONE = 0;

    static final int LOG2_MIN = 4;

    /** 2^32 slots: a count of them has 32 bits. */
    static final int LOG2_MAX = 32;

    private static final int LOG2_BITS = 6;
    private static final long LOG2_MASK = (1L << LOG2_BITS) - 1;

    private TableWord() {
    }

    static long of(long block, int log2) {
        return (block / BlockHeader.GRAIN) << LOG2_BITS | log2;
    }

    static long block(long word) {
        return (word >>> LOG2_BITS) * BlockHeader.GRAIN;
    }

    static int log2(long word) {
        return (int) (word & LOG2_MASK);
    }

    /** The number of slots, a power of two. */
    static long capacity(long word) {
        return 1L << log2(word);
    }

    /** The size of the block that 2^log2 slots need. */
    static long blockBytes(int log2) {
        return BlockHeader.BYTES + ((long) Long.BYTES << log2);
    }

    /** True if a region of this size can have the table. Every unchecked word is checked with this first. */
    static boolean isSane(long word, long regionBytes) {
        if (word == NONE) {
            return true;
        }
        int log2 = log2(word);
        long block = block(word);
        return log2 >= LOG2_MIN && log2 <= LOG2_MAX && block >= MapHeader.BYTES
                && block <= regionBytes - blockBytes(log2);
    }

    static String toString(long word) {
        return word == NONE ? "none" : "slots=2^" + log2(word) + " at=" + block(word);
    }
}
