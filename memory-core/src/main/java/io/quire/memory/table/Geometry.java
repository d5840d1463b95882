package io.quire.memory.table;

import io.quire.memory.frame.FramePool;

/**
 * The fields of an address. Each level of the tree takes 6 bits, so a node has 64 entries, and copying one after a fork
 * takes less than a microsecond.
 * <pre>
 *  46              30 29          24 23          18 17          12 11           0
 * +------------------+--------------+--------------+--------------+--------------+
 * |  upper (more)    |    upper     | leaf in dir. | page in leaf |    offset    |
 * +------------------+--------------+--------------+--------------+--------------+
 * </pre>
 */
public final class Geometry {

    public static final int PAGE_SHIFT = FramePool.FRAME_SHIFT;
    public static final int PAGE_BYTES = FramePool.FRAME_BYTES;

    /** A node has 64 children. */
    public static final int FAN_OUT_SHIFT = 6;
    public static final int FAN_OUT = 1 << FAN_OUT_SHIFT;

    /** A leaf maps 256 KiB. */
    public static final int LEAF_SHIFT = PAGE_SHIFT + FAN_OUT_SHIFT;
    public static final long LEAF_BYTES = 1L << LEAF_SHIFT;

    /** A directory of leaves maps 16 MiB. */
    public static final int DIRECTORY_SHIFT = LEAF_SHIFT + FAN_OUT_SHIFT;

    /** All addresses of a space are below 128 TiB. */
    public static final long ADDRESS_LIMIT = 1L << 47;

    private Geometry() {
    }

    public static long pageOffset(long address) {
        return address & PAGE_BYTES - 1;
    }

    public static long pageStart(long address) {
        return address & -PAGE_BYTES;
    }

    /** The index of the page within its leaf. */
    public static int pageIndex(long address) {
        return (int) (address >>> PAGE_SHIFT) & FAN_OUT - 1;
    }

    /** The index of the leaf within its directory. */
    public static int leafIndex(long address) {
        return (int) (address >>> LEAF_SHIFT) & FAN_OUT - 1;
    }
}
