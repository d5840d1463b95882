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
 * The turn makes every stay different, so a watcher waits for the one it saw and not for its successors. It wraps:
 * a watcher that is stopped for exactly 2^32 stays waits for one more, which is a few nanoseconds.
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
