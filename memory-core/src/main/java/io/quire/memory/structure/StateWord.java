package io.quire.memory.structure;

/**
 * The word of a map by which every change is committed. All methods are pure; {@link Journal} publishes their results.
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
 * SEQUENCE counts changes; it does not wrap in a lifetime. While the state is PENDING, the map is its words with the n
 * writes of the journal laid over them.
 */
final class StateWord {

    private static final int PENDING_BITS = 10;
    private static final long PENDING_MASK = (1L << PENDING_BITS) - 1;

    /** The number of bits of a sequence. */
    static final int SEQUENCE_BITS = Long.SIZE - PENDING_BITS;
    static final long SEQUENCE_MAX = (1L << SEQUENCE_BITS) - 1;

    private StateWord() {
    }

    /** The number of changes so far. */
    static long sequence(long word) {
        return word >>> PENDING_BITS;
    }

    /** The number of writes of the journal that are committed but perhaps not yet applied; 0 if settled. */
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
