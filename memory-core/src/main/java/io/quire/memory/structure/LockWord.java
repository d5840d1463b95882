package io.quire.memory.structure;

/**
 * The word of the writer lock. All methods are pure; {@link WriterLock} publishes their results.
 * <pre>
 *  63                             32 31                              0
 * +---------------------------------+---------------------------------+
 * |             SPACE ID            |              TURN               |
 * +---------------------------------+---------------------------------+
 *                 32                                32            bits
 *
 *                   take(id)
 *   FREE ---------------------------&gt; TAKEN       (turn + 1)
 *    ^ ^                               |   |
 *    | +-------------------------------+   |  fork: in the child, whose id is another
 *    |             release                 |
 *    +-------------------------------------+
 * </pre>
 * Ids of spaces are not given out again before two billion others were, so a mark of a space that is gone is
 * never taken for one's own.
 */
final class LockWord {

    private static final int TURN_BITS = 32;
    private static final long TURN_MASK = (1L << TURN_BITS) - 1;

    private LockWord() {
    }

    /**
     * Whether a writer of the space may take it: nobody has, or whoever has is in a space that this is a fork
     * of.
     */
    static boolean isFree(long word, long spaceId) {
        return holder(word) != spaceId;
    }

    static long take(long word, long spaceId) {
        return spaceId << TURN_BITS | (word + 1 & TURN_MASK);
    }

    static long release(long word) {
        return word & TURN_MASK;
    }

    /** The space of the holder, 0 if there is none. */
    static long holder(long word) {
        return word >>> TURN_BITS;
    }
}
