package io.quire.memory.allocator;

/**
 * Counts the moves of free frames that one stripe makes. All methods are pure; {@link Stripes} adds the
 * units.
 * <pre>
 *  63                       24 23               0
 * +---------------------------+------------------+
 * |           MOVES           |     RUNNING      |
 * +---------------------------+------------------+
 *              40                      24         bits
 *
 *   RUNNING  transfers in progress: they may hold free frames that no search can find
 *   MOVES    transfers begun and direct frees done so far. Wraps around: it is only compared for equality
 * </pre>
 */
final class TransferWord {
    private static final int RUNNING_BITS = 24;

    private static final long RUNNING_MASK = (1L << RUNNING_BITS) - 1;

    /** Added when a frame became free in a tree. */
    static final long MOVE = 1L << RUNNING_BITS;

    /** Added when a transfer begins. */
    static final long BEGIN = MOVE + 1;

    /** Added when a transfer ends. */
    static final long END = -1;

    private TransferWord() {
    }

    static boolean isRunning(long word) {
        return (word & RUNNING_MASK) != 0;
    }

    static long moves(long word) {
        return word >>> RUNNING_BITS;
    }

    static String toString(long word) {
        return "moves=" + moves(word) + " running=" + (word & RUNNING_MASK);
    }
}
