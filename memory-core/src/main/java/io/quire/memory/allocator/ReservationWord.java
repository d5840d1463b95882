package io.quire.memory.allocator;

/**
 * Where one stripe allocates. All methods are pure; {@link Stripes} publishes their results.
 * <pre>
 *  63             26 25 24                0
 * +-----------------+--+-------------------+
 * |        0        |H |        ROW        |
 * +-----------------+--+-------------------+
 *          38         1         25          bits
 *
 *   ROW  the row to look at first; its tree is the tree of the stripe
 *   H    held: the word of that tree names this stripe as its owner
 * </pre>
 * The frames stay counted in the word of the tree. So a reservation keeps nothing from other stripes, and an idle one
 * need not be drained.
 */
final class ReservationWord {
    private static final int ROW_BITS = Integer.SIZE - 1 - FrameUnits.ROW_SHIFT;

    private static final long ROW_MASK = (1L << ROW_BITS) - 1;
    private static final long HELD = 1L << ROW_BITS;

    private ReservationWord() {
    }

    /** Nothing is held; a search begins at {@code row}. */
    static long startingAt(int row) {
        return row;
    }

    static long held(int row) {
        return HELD | row;
    }

    static boolean isHeld(long word) {
        return (word & HELD) != 0;
    }

    static int row(long word) {
        return (int) (word & ROW_MASK);
    }

    static int tree(long word) {
        return FrameUnits.treeOfRow(row(word));
    }

    static boolean holds(long word, int tree) {
        return isHeld(word) && tree(word) == tree;
    }

    /** Looks at {@code row} first from now on. Leaves H as it is. */
    static long movedTo(long word, int row) {
        return (word & HELD) | row;
    }

    static String toString(long word) {
        return "row=" + row(word) + " tree=" + tree(word) + (isHeld(word) ? " held" : "");
    }
}
