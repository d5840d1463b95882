package io.quire.memory.allocator;

/**
 * The right to take some frames of one area. They are already subtracted from its count, so that many bits stay clear
 * until the ticket is redeemed.
 * <pre>
 *  63        32 31       0
 * +------------+----------+
 * |    AREA    |  COUNT   |
 * +------------+----------+
 *       32          32      bits
 * </pre>
 */
final class Ticket {
    /** No frames. */
    static final long NONE = 0;

    private static final int COUNT_BITS = 32;

    private Ticket() {
    }

    static long of(int area, int count) {
        return ((long) area << COUNT_BITS) | count;
    }

    static int area(long ticket) {
        return (int) (ticket >>> COUNT_BITS);
    }

    static int count(long ticket) {
        return (int) ticket;
    }
}
