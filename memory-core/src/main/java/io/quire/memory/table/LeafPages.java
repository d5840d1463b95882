package io.quire.memory.table;

/** Sets of pages of one leaf, a bit for each page: a leaf has 64 pages, a long 64 bits. All methods are pure. */
public final class LeafPages {

    public static final long NONE = 0;

    private LeafPages() {
    }

    public static long of(int page) {
        return 1L << page;
    }

    public static boolean contains(long pages, int page) {
        return (pages & of(page)) != 0;
    }

    /** The lowest page; {@link Geometry#FAN_OUT} if there is none. */
    public static int first(long pages) {
        return Long.numberOfTrailingZeros(pages);
    }

    /** The highest page; -1 if there is none. */
    public static int last(long pages) {
        return Long.SIZE - 1 - Long.numberOfLeadingZeros(pages);
    }

    public static long withoutFirst(long pages) {
        return pages & (pages - 1);
    }

    public static int count(long pages) {
        return Long.bitCount(pages);
    }

    /** The pages of a leaf that are in a frame. */
    public static long present(long[] leaf) {
        long present = NONE;
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            present |= Entry.isPresent(Leaf.entry(leaf, page)) ? of(page) : NONE;
        }
        return present;
    }

    /** The pages of a leaf that begin at {@code from} or later, and before {@code to}. */
    public static long between(long leafStart, long from, long to) {
        int first = indexFrom(leafStart, from);
        int end = indexFrom(leafStart, to);
        return first >= end ? NONE : (-1L << first) & (-1L >>> (Geometry.FAN_OUT - end));
    }

    /** The first page of a leaf that begins at an address or later; {@link Geometry#FAN_OUT} if none does. */
    private static int indexFrom(long leafStart, long address) {
        long bytes = Math.clamp(address - leafStart, 0L, Geometry.LEAF_BYTES);
        return (int) ((bytes + Geometry.PAGE_BYTES - 1) >>> Geometry.PAGE_SHIFT);
    }
}
