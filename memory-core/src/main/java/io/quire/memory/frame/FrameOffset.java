package io.quire.memory.frame;

/**
 * The offset of a frame that is not its address: in private pools, and in all pools without native access.
 * <pre>
 *   48        47       40 39                             0
 * +---------+------------+--------------------------------+
 * | PRIVATE |    POOL    |         place in the pool      |
 * +---------+------------+--------------------------------+
 *      1          8                     40              bits
 * </pre>
 * Addresses are below 2^48, so no address has the bit PRIVATE.
 */
public final class FrameOffset {

    private static final int PLACE_BITS = 40;
    private static final int POOL_BITS = 8;
    private static final int PRIVATE_SHIFT = PLACE_BITS + POOL_BITS;

    /** The most pools a manager can have. */
    public static final int POOLS_MAX = 1 << POOL_BITS;

    /** The largest pool that such offsets can name, in bytes. */
    static final long POOL_BYTES_MAX = 1L << PLACE_BITS;

    private static final long PRIVATE = 1L << PRIVATE_SHIFT;

    private FrameOffset() {
    }

    static long ofPool(int number) {
        return (long) number << PLACE_BITS;
    }

    static long ofPrivatePool(int number) {
        return PRIVATE | ofPool(number);
    }

    /** True if the processor cannot address the frame. */
    public static boolean isPrivate(long offset) {
        return (offset & PRIVATE) != 0;
    }

    static int pool(long offset) {
        return (int) (offset >>> PLACE_BITS) & POOLS_MAX - 1;
    }

    static long place(long offset) {
        return offset & POOL_BYTES_MAX - 1;
    }
}
