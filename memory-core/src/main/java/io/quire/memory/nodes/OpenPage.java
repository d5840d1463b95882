package io.quire.memory.nodes;

/**
 * A page that new nodes are put into, one behind the other, and how far it is filled.
 * <pre>
 *   63      31 30           9 8            0
 *  +----------+--------------+--------------+
 *  | 0        | page         | granules     |
 *  +----------+--------------+--------------+
 * </pre>
 */
final class OpenPage {

    /** In place of no page. There is no room in it. */
    static final long NONE = NodeRef.GRANULES_PER_PAGE;

    private static final int FILL_BITS = NodeRef.PAGE_SHIFT + 1;

    private OpenPage() {
    }

    static long of(int page, int fill) {
        return (long) page << FILL_BITS | fill;
    }

    static int page(long open) {
        return (int) (open >>> FILL_BITS);
    }

    static int fill(long open) {
        return (int) open & (1 << FILL_BITS) - 1;
    }

    static int room(long open) {
        return NodeRef.GRANULES_PER_PAGE - fill(open);
    }

    /** The same page, filled further. */
    static long filled(long open, int granules) {
        return open + granules;
    }

    /** True if it is a page between two others, or none. */
    static boolean isSane(long open, int firstPage, int endPage) {
        return open == NONE || (open >>> FILL_BITS >= firstPage && open >>> FILL_BITS < endPage && room(open) >= 0);
    }
}
