package io.quire.memory.nodes;

/**
 * A reference to a node: the granule it begins at, counted from the start of the region, and a bit that tells inner
 * nodes from others. All bits are 0 in place of no node: at granule 0 lies the header.
 * <pre>
 *   31     30                    8 7            0
 *  +------+-----------------------+--------------+
 *  | I    | page                  | granule      |
 *  +------+-----------------------+--------------+
 * </pre>
 * Nodes never cross the end of a page.
 */
public final class NodeRef {

    public static final int NONE = 0;

    /** The unit in which nodes are placed. */
    public static final int GRANULE_BYTES = 16;

    static final int GRANULE_SHIFT = 4;
    static final int PAGE_SHIFT = 8;
    static final int GRANULES_PER_PAGE = 1 << PAGE_SHIFT;

    private static final int INNER = 1 << 31;

    private NodeRef() {
    }

    static int of(int page, int granule) {
        return page << PAGE_SHIFT | granule;
    }

    static int inner(int ref) {
        return ref | INNER;
    }

    public static boolean isInner(int ref) {
        return ref < 0;
    }

    static int page(int ref) {
        return (ref & ~INNER) >>> PAGE_SHIFT;
    }

    static int granule(int ref) {
        return ref & GRANULES_PER_PAGE - 1;
    }

    /** Where a node begins, in bytes from the start of the region. */
    static long offset(int ref) {
        return (long) (ref & ~INNER) << GRANULE_SHIFT;
    }

    /** True if a node of some granules can be there: within one page, and that page between two others. */
    static boolean isWithin(int ref, int granules, int firstPage, int endPage) {
        int page = page(ref);
        return page >= firstPage && page < endPage && granule(ref) + granules <= GRANULES_PER_PAGE;
    }

    /** The reference as text. */
    public static String toString(int ref) {
        return ref == NONE ? "none" : page(ref) + ":" + granule(ref) + (isInner(ref) ? " inner" : "");
    }
}
