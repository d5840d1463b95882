package io.quire.memory.guard;

/**
 * The word of a shared writer slot. All methods are pure; {@link SharedWriterSlots} publishes their results.
 * <pre>
 *  63                             32 31                              0
 * +---------------------------------+---------------------------------+
 * |             SPACE ID            |              TURN               |
 * +---------------------------------+---------------------------------+
 *                 32                                32            bits
 *
 *            enter(id)
 *   IDLE ----------------> WRITING        (turn + 1)
 *    ^                        |
 *    +------------------------+
 *              exit
 * </pre>
 * The turn makes every claim different, so a thread waits for the claim that it saw and for none after it. The turn
 * wraps: a thread that is stopped while exactly 2^32 claims pass waits for one more, which takes a few nanoseconds.
 */
final class SlotWord {

    private static final int TURN_BITS = 32;
    private static final long TURN_MASK = (1L << TURN_BITS) - 1;

    private SlotWord() {
    }

    static boolean isIdle(long word) {
        return spaceId(word) == 0;
    }

    /** The space written to, 0 if none. */
    static int spaceId(long word) {
        return (int) (word >>> TURN_BITS);
    }

    static long enter(long word, int spaceId) {
        return (long) spaceId << TURN_BITS | ((word + 1) & TURN_MASK);
    }

    static long exit(long word) {
        return word & TURN_MASK;
    }
}
