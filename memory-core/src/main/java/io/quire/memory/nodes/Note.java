package io.quire.memory.nodes;

/**
 * What the counts of pages do not know yet: a page that was taken, or a piece of one that is not in use any more, such
 * as a node that was replaced, or the rest of a page that is not filled any further. The notes of a store are counted
 * together later, so that a change need not write to the counts.
 * <pre>
 *   63          48 47      32 31    30                    8 7            0
 *  +--------------+----------+-----+-----------------------+--------------+
 *  | 0            | granules | 0   | page                  | granule      |
 *  +--------------+----------+-----+-----------------------+--------------+
 * </pre>
 * A note of all granules of a page is one of a page that was taken: no node is that large. Sorted by the low half,
 * notes of one page lie side by side.
 */
final class Note {

    private static final int GRANULES_AT = 32;

    private Note() {
    }

    static long of(int ref, int granules) {
        return (long) granules << GRANULES_AT | (ref & Integer.MAX_VALUE);
    }

    /** A page was taken, and all of it counts as live until notes say otherwise. */
    static long ofTaken(int page) {
        return of(NodeRef.of(page, 0), NodeRef.GRANULES_PER_PAGE);
    }

    static boolean isOfTaken(long note) {
        return granules(note) == NodeRef.GRANULES_PER_PAGE;
    }

    /** By how much a note changes the count of its page. */
    static int delta(long note) {
        return isOfTaken(note) ? NodeRef.GRANULES_PER_PAGE : -granules(note);
    }

    static int page(long note) {
        return NodeRef.page((int) note);
    }

    static int granules(long note) {
        return (int) (note >>> GRANULES_AT);
    }

    /** True if the piece lies in one page between two others. */
    static boolean isSane(long note, int firstPage, int endPage) {
        return note > 0 && (int) note >= 0 && granules(note) > 0 && granules(note) <= NodeRef.GRANULES_PER_PAGE
                && NodeRef.isWithin((int) note, granules(note), firstPage, endPage);
    }

    /** A number that sorts notes by their pages. */
    static long byPage(long note) {
        return Long.rotateLeft(note, Integer.SIZE);
    }

    /** The note of such a number. */
    static long ofByPage(long number) {
        return Long.rotateLeft(number, Integer.SIZE);
    }
}
