package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameUnits.AREA_FRAMES;
import static io.quire.memory.allocator.FrameUnits.AREA_ROWS;
import static io.quire.memory.allocator.FrameUnits.NONE;
import static io.quire.memory.allocator.FrameUnits.ROW_FRAMES;
import static io.quire.memory.allocator.FrameUnits.TREE_AREAS;
import static io.quire.memory.allocator.FrameUnits.TREE_FRAMES;
import static io.quire.memory.allocator.FrameUnits.TREE_ROWS;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The state of all frames of a pool: a bit for each frame, and the counts of each tree. The lower level of LLFree
 * (Wrenger et al., USENIX ATC'23), except that one word counts a tree and its areas.
 *
 * <p>An allocation first lowers a count ({@link #ticket}, {@link #take}), then sets bits; a free first clears bits,
 * then raises the count. So an area always has at least as many clear bits as its count and all open tickets together.
 * An area whose count is 512 has only clear bits, so a change of its count alone makes it a huge frame.
 *
 * <p>Two exchanges allocate up to 64 frames. Takes 0.13 bytes a frame. Lock-free.
 */
final class FrameTrees {
    /** A transition of {@link TreeWord}. */
    @FunctionalInterface
    private interface Step {
        long next(long word, int lane, int amount);
    }

    private static final Step TAKE = TreeWord::take;
    private static final Step GIVE = TreeWord::give;
    private static final Step TAKE_HUGE = (word, lane, amount) -> TreeWord.takeHuge(word, lane);
    private static final Step GIVE_HUGE = (word, lane, amount) -> TreeWord.giveHuge(word, lane);
    private static final Step TAKE_USED = (word, lane, recent) -> TreeWord.takeUsed(word, lane, recent != 0);
    private static final Step GIVE_BACK = (word, lane, amount) -> TreeWord.giveBack(word, lane);
    private static final Step AGE = (word, lane, amount) -> TreeWord.age(word, lane);
    private static final Step OWN = (word, lane, owner) -> TreeWord.own(word, owner);
    private static final Step DISOWN = (word, lane, owner) -> TreeWord.disown(word, owner);

    private final int frames;
    private final AtomicLongArray rows;
    private final AtomicLongArray trees;

    FrameTrees(int frames) {
        int count = FrameUnits.treesFor(frames);
        this.frames = frames;
        this.rows = new AtomicLongArray(count * TREE_ROWS);
        this.trees = new AtomicLongArray(count);
        for (int tree = 0; tree < count; tree++) {
            long from = (long) tree * TREE_FRAMES;
            trees.setPlain(tree, TreeWord.ofFree((int) Math.min(TREE_FRAMES, frames - from)));
        }
        takeFramesPastTheEnd();
    }

    private void takeFramesPastTheEnd() {
        int used = frames % ROW_FRAMES;
        int row = FrameUnits.rowOfFrame(frames - 1);
        if (used != 0) {
            rows.setPlain(row, -1L << used);
        }
        for (int past = row + 1; past < rows.length(); past++) {
            rows.setPlain(past, -1L);
        }
    }

    int frames() {
        return frames;
    }

    /** Number of trees. */
    int count() {
        return trees.length();
    }

    long wordOpaque(int tree) {
        return trees.getOpaque(tree);
    }

    /** True if the bit of the frame is set. Racy, unless the caller owns the frame. */
    boolean isTaken(int frame) {
        return RowWord.allTaken(rows.getOpaque(FrameUnits.rowOfFrame(frame)), RowWord.bit(frame));
    }

    // ---- counts ----

    /**
     * Claims up to {@code want} frames of the first area that has a free one; starts at {@code lane} and wraps around.
     *
     * @return a {@link Ticket}; {@link Ticket#NONE} if no frame of this tree is free
     */
    long ticket(int tree, int lane, int want) {
        long word = trees.getOpaque(tree);
        while (true) {
            int found = TreeWord.laneWith(word, lane, 1);
            if (found == NONE) {
                return Ticket.NONE;
            }
            int count = Math.min(want, TreeWord.free(word, found));
            // ORDER(frame-count) acquire: frames counted as free have clear bits and no owner any more.
            long seen = trees.compareAndExchange(tree, word, TreeWord.take(word, found, count));
            if (seen == word) {
                return Ticket.of(FrameUnits.areaOfTree(tree, found), count);
            }
            word = seen;
        }
    }

    /** Claims {@code count} frames of the area; false if fewer are free. */
    boolean take(int area, int count) {
        // ORDER(frame-count) acquire: frames counted as free have clear bits and no owner any more.
        return change(FrameUnits.treeOfArea(area), TAKE, FrameUnits.laneOfArea(area), count);
    }

    /** Counts {@code count} frames of the area as free again; their bits are already clear. */
    void give(int area, int count) {
        // ORDER(frame-count) release: bits first, then the count that lets others claim them.
        boolean given = change(FrameUnits.treeOfArea(area), GIVE, FrameUnits.laneOfArea(area), count);
        assert given : "count overflows: area=" + area + ", count=" + count;
    }

    /** Takes the whole area as one huge frame; false unless all its frames are free. */
    boolean takeHuge(int area) {
        // ORDER(frame-count) acquire: frames counted as free have clear bits and no owner any more.
        return change(FrameUnits.treeOfArea(area), TAKE_HUGE, FrameUnits.laneOfArea(area), AREA_FRAMES);
    }

    /** Frees a huge frame; false if the area is not allocated as one. */
    boolean giveHuge(int area) {
        // ORDER(frame-count) release: accesses of the owner first, then the count that lets others in.
        return change(FrameUnits.treeOfArea(area), GIVE_HUGE, FrameUnits.laneOfArea(area), AREA_FRAMES);
    }

    /** True if {@link #takeUsed} would succeed at this moment. */
    boolean isUsedAndFree(int area, boolean evenRecent) {
        long word = trees.getOpaque(FrameUnits.treeOfArea(area));
        return TreeWord.takeUsed(word, FrameUnits.laneOfArea(area), evenRecent) != TreeWord.REFUSED;
    }

    /**
     * Takes the whole area as one huge frame, to give its memory back to the operating system. Returns false if a frame
     * of it is allocated, or if the area was not used since its memory was last given back.
     *
     * @param evenRecent true to take it even if it was used since the last call of {@link #age}
     */
    boolean takeUsed(int area, boolean evenRecent) {
        // ORDER(frame-count) acquire: frames counted as free have clear bits and no owner any more.
        return change(FrameUnits.treeOfArea(area), TAKE_USED, FrameUnits.laneOfArea(area), evenRecent ? 1 : 0);
    }

    /** Frees a huge frame whose memory was given back. */
    void giveBack(int area) {
        // ORDER(frame-count) release: the memory is gone before others take the frames.
        boolean given = change(FrameUnits.treeOfArea(area), GIVE_BACK, FrameUnits.laneOfArea(area), AREA_FRAMES);
        assert given : "the area is not taken: area=" + area;
    }

    /**
     * Notes that the whole area was seen free. Returns false if it is not free, or if no frame of it was taken since it
     * was last seen free. Orders nothing.
     */
    boolean age(int area) {
        return change(FrameUnits.treeOfArea(area), AGE, FrameUnits.laneOfArea(area), 0);
    }

    /** Marks all frames as used. No other thread may use this object meanwhile. */
    void use() {
        for (int tree = 0; tree < count(); tree++) {
            trees.setPlain(tree, TreeWord.use(trees.getPlain(tree)));
        }
    }

    /** Makes {@code owner} the owner of this tree; false if it has one already. Orders nothing. */
    boolean own(int tree, int owner) {
        return change(tree, OWN, 0, owner);
    }

    /** Undoes {@link #own}. */
    void disown(int tree, int owner) {
        boolean disowned = change(tree, DISOWN, 0, owner);
        assert disowned : "tree has another owner: tree=" + tree + ", owner=" + owner;
    }

    /** Publishes one transition of a tree; false if it is refused. */
    private boolean change(int tree, Step step, int lane, int amount) {
        long word = trees.getOpaque(tree);
        while (true) {
            long next = step.next(word, lane, amount);
            if (next == TreeWord.REFUSED) {
                return false;
            }
            long seen = trees.compareAndExchange(tree, word, next);
            if (seen == word) {
                return true;
            }
            word = seen;
        }
    }

    // ---- bits ----

    /**
     * Sets the bits of the lowest free frames, at most {@code want}. Needs a ticket. Returns the bits that it has set.
     */
    long takeLowest(int row, int want) {
        long word = rows.getOpaque(row);
        while (true) {
            long mask = RowWord.lowest(word, want);
            if (mask == 0) {
                return 0;
            }
            // ORDER(frame-bits) acquire: accesses of the last owner are over.
            long seen = rows.compareAndExchange(row, word, RowWord.take(word, mask));
            if (seen == word) {
                return mask;
            }
            word = seen;
        }
    }

    /** Sets the bits of the lowest free aligned run. Needs a ticket. Returns its first frame, or NONE. */
    private int takeRunOfRow(int row, int order) {
        long word = rows.getOpaque(row);
        while (true) {
            long mask = RowWord.lowestRun(word, order);
            if (mask == 0) {
                return NONE;
            }
            // ORDER(frame-bits) acquire: accesses of the last owner are over.
            long seen = rows.compareAndExchange(row, word, RowWord.take(word, mask));
            if (seen == word) {
                return FrameUnits.lowestFrame(row, mask);
            }
            word = seen;
        }
    }

    /** Like {@link #takeLowest}, for an aligned run anywhere in the area. */
    int takeRun(int area, int order) {
        int first = FrameUnits.firstRowOfArea(area);
        for (int row = first; row < first + AREA_ROWS; row++) {
            int frame = takeRunOfRow(row, order);
            if (frame != NONE) {
                return frame;
            }
        }
        return NONE;
    }

    /** True if the area has a free aligned run at this moment. */
    boolean hasRun(int area, int order) {
        int first = FrameUnits.firstRowOfArea(area);
        for (int row = first; row < first + AREA_ROWS; row++) {
            if (RowWord.lowestRun(rows.getOpaque(row), order) != 0) {
                return true;
            }
        }
        return false;
    }

    /** Clears these bits. If one of them is already clear, changes nothing and returns false. */
    private boolean giveBits(int row, long mask) {
        long word = rows.getOpaque(row);
        while (true) {
            if (!RowWord.allTaken(word, mask)) {
                return false;
            }
            // ORDER(frame-bits) release: accesses of the owner first, then the bit that lets the next one in.
            long seen = rows.compareAndExchange(row, word, RowWord.give(word, mask));
            if (seen == word) {
                return true;
            }
            word = seen;
        }
    }

    // ---- frames ----

    /** Frees these frames of one row. If one of them is already free, changes nothing and returns false. */
    boolean giveFrames(int row, long mask) {
        if (!giveBits(row, mask)) {
            return false;
        }
        give(FrameUnits.areaOfRow(row), Long.bitCount(mask));
        return true;
    }

    /**
     * Frees the first {@code count} frames of {@code batch}, a row at a time. Sorts them first, and overwrites the
     * frames of a row with NONE when it has freed them.
     *
     * @return NONE if all frames were allocated, else one that was already free; all others are freed
     */
    int giveBatch(int[] batch, int count) {
        Arrays.sort(batch, 0, count);
        int refused = NONE;
        for (int from = 0; from < count;) {
            int row = FrameUnits.rowOfFrame(batch[from]);
            long mask = 0;
            int to = from;
            for (; to < count && FrameUnits.rowOfFrame(batch[to]) == row; to++) {
                if (to > from && batch[to] == batch[to - 1]) {
                    refused = batch[to];
                }
                mask |= RowWord.bit(batch[to]);
            }
            if (!giveFrames(row, mask)) {
                refused = giveEach(row, mask);
            }
            for (; from < to; from++) {
                batch[from] = NONE;
            }
        }
        return refused;
    }

    /** Frees those frames that are allocated. Returns one that was already free, or NONE. */
    private int giveEach(int row, long mask) {
        int refused = NONE;
        for (long rest = mask; rest != 0; rest &= rest - 1) {
            if (!giveFrames(row, Long.lowestOneBit(rest))) {
                refused = FrameUnits.lowestFrame(row, rest);
            }
        }
        return refused;
    }

    // ---- diagnostics ----

    /** Sum of all counts; exact when quiescent. */
    int free() {
        long free = 0;
        for (int tree = 0; tree < count(); tree++) {
            free += TreeWord.free(trees.getOpaque(tree));
        }
        return (int) free;
    }

    /** True if the counts add up to at least {@code wanted}; stops as soon as they do. */
    boolean hasFree(int wanted) {
        long free = 0;
        for (int tree = 0; tree < count() && free < wanted; tree++) {
            free += TreeWord.free(trees.getOpaque(tree));
        }
        return free >= wanted;
    }

    private static String describe(long tree) {
        return "tree=[" + TreeWord.toString(tree) + "]";
    }

    /** Decodes the words of one frame, for messages. */
    String describe(int frame) {
        int area = FrameUnits.areaOfFrame(frame);
        return "row=" + RowWord.toString(rows.getOpaque(FrameUnits.rowOfFrame(frame)))
                + ", lane=" + FrameUnits.laneOfArea(area)
                + ", " + describe(trees.getOpaque(FrameUnits.treeOfArea(area)));
    }

    /** Checks the count of every area against its bits. No other thread may use the allocator meanwhile. */
    void check() {
        int areas = count() * TREE_AREAS;
        for (int area = 0; area < areas; area++) {
            long word = trees.getAcquire(FrameUnits.treeOfArea(area));
            int lane = FrameUnits.laneOfArea(area);
            int clear = clearBits(area);
            int counted = TreeWord.isHuge(word, lane) ? AREA_FRAMES : TreeWord.free(word, lane);
            if (clear != counted) {
                throw new IllegalStateException("count differs from the bits: area=" + area + ", lane=" + lane
                        + ", clearBits=" + clear + ", " + describe(word));
            }
        }
    }

    private int clearBits(int area) {
        int clear = 0;
        int first = FrameUnits.firstRowOfArea(area);
        for (int row = first; row < first + AREA_ROWS; row++) {
            clear += RowWord.free(rows.getAcquire(row));
        }
        return clear;
    }
}
