package io.quire.memory.allocator;

/**
 * The units in which frames are grouped, and conversions between them. All numbers start at 0.
 * <pre>
 *   tree    2048 frames = 4 areas    one {@link TreeWord}: what is free, and which stripe prefers it
 *   area     512 frames = 8 rows     one lane of that word; the size of a huge frame (2 MiB)
 *   row       64 frames              one {@link RowWord}: a bit for each frame
 *
 *   frame  30            11 10   9 8    6 5      0
 *         +----------------+------+------+--------+
 *         |      TREE      | LANE | ROW  |  BIT   |
 *         +----------------+------+------+--------+
 *                20           2      3       6      bits
 * </pre>
 */
final class FrameUnits {
    /** No frame, no row, no tree. */
    static final int NONE = -1;

    static final int ROW_SHIFT = 6;
    static final int AREA_ROWS_SHIFT = 3;
    static final int TREE_AREAS_SHIFT = 2;
    static final int AREA_SHIFT = ROW_SHIFT + AREA_ROWS_SHIFT;
    static final int TREE_SHIFT = AREA_SHIFT + TREE_AREAS_SHIFT;

    static final int ROW_FRAMES = 1 << ROW_SHIFT;
    static final int AREA_FRAMES = 1 << AREA_SHIFT;
    static final int TREE_FRAMES = 1 << TREE_SHIFT;
    static final int AREA_ROWS = 1 << AREA_ROWS_SHIFT;
    static final int TREE_AREAS = 1 << TREE_AREAS_SHIFT;
    static final int TREE_ROWS = AREA_ROWS * TREE_AREAS;

    private FrameUnits() {
    }

    static int rowOfFrame(int frame) {
        return frame >>> ROW_SHIFT;
    }

    static int areaOfFrame(int frame) {
        return frame >>> AREA_SHIFT;
    }

    static int areaOfRow(int row) {
        return row >>> AREA_ROWS_SHIFT;
    }

    static int treeOfRow(int row) {
        return areaOfRow(row) >>> TREE_AREAS_SHIFT;
    }

    static int treeOfArea(int area) {
        return area >>> TREE_AREAS_SHIFT;
    }

    static int laneOfArea(int area) {
        return area & (TREE_AREAS - 1);
    }

    static int areaOfTree(int tree, int lane) {
        return (tree << TREE_AREAS_SHIFT) + lane;
    }

    static int firstRowOfArea(int area) {
        return area << AREA_ROWS_SHIFT;
    }

    static int firstRowOfTree(int tree) {
        return firstRowOfArea(areaOfTree(tree, 0));
    }

    /** The next row of the same area; wraps around. */
    static int nextRowOfArea(int row) {
        return (row & -AREA_ROWS) | ((row + 1) & (AREA_ROWS - 1));
    }

    /** The frame of the lowest bit of {@code mask} in {@code row}. */
    static int lowestFrame(int row, long mask) {
        return (row << ROW_SHIFT) + Long.numberOfTrailingZeros(mask);
    }

    /** Trees needed for {@code frames} frames; cannot overflow. */
    static int treesFor(int frames) {
        return ((frames - 1) >>> TREE_SHIFT) + 1;
    }
}
