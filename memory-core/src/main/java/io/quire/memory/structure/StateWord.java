package io.quire.memory.structure;

/**
 * The word of a map that every change goes through. All methods are pure; {@link Journal} publishes their
 * results.
 * <pre>
 *  63                                             10 9          0
 * +-------------------------------------------------+------------+
 * |                    SEQUENCE                     |  PENDING   |
 * +-------------------------------------------------+------------+
 *                         54                              10  bits
 *
 *                 commit(n)                      settle
 *   SETTLED(s) -------------&gt; PENDING(s + 1, n) --------&gt; SETTLED(s + 1)
 * </pre>
 * The sequence counts changes; it does not wrap in a lifetime. While it is PENDING the map is what its words
 * say with the n writes of the journal over them.
 */
final class StateWord {

    private static final int PENDING_BITS = 10;
    private static final long PENDING_MASK = (1L << PENDING_BITS) - 1;

    /** The sequence of every change of a map fits into so many bits. */
    static final int SEQUENCE_BITS = Long.SIZE - PENDING_BITS;
    static final long SEQUENCE_MAX = (1L << SEQUENCE_BITS) - 1;

    private StateWord() {
    }

    /** How many changes there were. */
    static long sequence(long word) {
        return word >>> PENDING_BITS;
    }

    /** How many writes of the journal are committed and perhaps not applied; 0 if settled. */
    static int pending(long word) {
        return (int) (word & PENDING_MASK);
    }

    static long commit(long word, int writes) {
        return (sequence(word) + 1) << PENDING_BITS | writes;
    }

    static long settle(long word) {
        return word & ~PENDING_MASK;
    }

    static String toString(long word) {
        String name = pending(word) == 0 ? "SETTLED" : "PENDING writes=" + pending(word);
        return name + " sequence=" + sequence(word);
    }
}
