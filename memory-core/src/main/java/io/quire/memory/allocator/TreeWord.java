package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameUnits.AREA_FRAMES;
import static io.quire.memory.allocator.FrameUnits.NONE;
import static io.quire.memory.allocator.FrameUnits.TREE_AREAS;
import static io.quire.memory.allocator.FrameUnits.TREE_FRAMES;

/**
 * The state of one tree: four areas, and the stripe that prefers it. All methods are pure; {@link FrameTrees} publishes
 * their results.
 * <pre>
 *  63 62    59 58   55 54     48 47 46     36 35 34     24 23 22     12 11 10      0
 * +--+--------+-------+---------+--+---------+--+---------+--+---------+--+---------+
 * |0 | RECENT | USED  |  OWNER  |H3|  FREE3  |H2|  FREE2  |H1|  FREE1  |H0|  FREE0  |
 * +--+--------+-------+---------+--+---------+--+---------+--+---------+--+---------+
 *  1     4        4        7      1     11     1     11     1     11     1     11     bits
 *
 *   FREE   frames of the area that may still be claimed, 0 to 512. Never more than its clear bits
 *   H      the area is allocated as one huge frame; FREE is then 0
 *   USED   a bit for each area: frames of it were taken since the start, or since its memory was last given back to
 *          the operating system. An area that is not used takes no memory of the machine
 *   RECENT a bit for each area: frames of it were taken since the last {@code age}, the look for idle areas
 *   OWNER  stripe + 1 of the stripe that allocates here, 0 = nobody. A preference, not a right: a search that finds
 *          nothing elsewhere takes from an owned tree as well
 *
 *             take(n)               takeHuge (FREE = 512)
 *   FREE ---------------> FREE-n    FREE -----------------> HUGE
 *        <---------------                <-----------------
 *             give(n)               giveHuge, giveBack
 * </pre>
 * One word counts a tree and its areas, so one exchange changes both. A transition that allocates frames sets USED and
 * RECENT in the same step; only {@code giveBack} clears USED.
 */
final class TreeWord {
    // Low to high. Change a width here and every shift, unit and mask below follows.
    private static final int FREE_BITS = 11;
    private static final int HUGE_BITS = 1;
    private static final int OWNER_BITS = 7;
    private static final int USED_BITS = TREE_AREAS;

    private static final int HUGE_SHIFT = FREE_BITS;
    private static final int LANE_BITS = HUGE_SHIFT + HUGE_BITS;
    private static final int OWNER_SHIFT = TREE_AREAS * LANE_BITS;
    private static final int USED_SHIFT = OWNER_SHIFT + OWNER_BITS;
    private static final int RECENT_SHIFT = USED_SHIFT + USED_BITS;

    private static final long FREE_MASK = (1L << FREE_BITS) - 1;
    private static final long HUGE = 1L << HUGE_SHIFT;
    private static final long LANE_MASK = (1L << LANE_BITS) - 1;
    private static final long OWNER = 1L << OWNER_SHIFT;
    private static final long USED = 1L << USED_SHIFT;
    private static final long RECENT = 1L << RECENT_SHIFT;

    /** The largest owner. */
    static final int OWNER_MAX = (1 << OWNER_BITS) - 1;

    static final int NOBODY = 0;

    /** No transition from here. Never a word, because bit 63 of a word is always clear. */
    static final long REFUSED = -1L;

    private static final int SPARSE_FRAMES = TREE_FRAMES / 32;

    private TreeWord() {
    }

    /** A tree without an owner, whose first {@code frames} frames exist and are free. */
    static long ofFree(int frames) {
        long word = 0;
        for (int lane = 0; lane < TREE_AREAS; lane++) {
            long free = Math.clamp((long) frames - (long) lane * AREA_FRAMES, 0, AREA_FRAMES);
            word |= free << (lane * LANE_BITS);
        }
        return word;
    }

    static int free(long word, int lane) {
        return (int) ((word >>> (lane * LANE_BITS)) & FREE_MASK);
    }

    /** Free frames of all areas together. */
    static int free(long word) {
        int free = 0;
        for (int lane = 0; lane < TREE_AREAS; lane++) {
            free += free(word, lane);
        }
        return free;
    }

    static boolean isHuge(long word, int lane) {
        return (word & (HUGE << (lane * LANE_BITS))) != 0;
    }

    static int owner(long word) {
        return (int) (word >>> OWNER_SHIFT) & OWNER_MAX;
    }

    static boolean isOwned(long word) {
        return owner(word) != NOBODY;
    }

    /**
     * The first lane with at least {@code count} free frames, starting at {@code first} and wrapping around; NONE if
     * there is none.
     */
    static int laneWith(long word, int first, int count) {
        for (int step = 0; step < TREE_AREAS; step++) {
            int lane = (first + step) & (TREE_AREAS - 1);
            if (free(word, lane) >= count) {
                return lane;
            }
        }
        return NONE;
    }

    /**
     * How well this tree suits a stripe that looks for single frames: 0 means not at all, more is better. Partly used
     * trees come first, to keep other trees whole. A tree with few free frames rates low, because the stripe would soon
     * have to leave it. An owned tree comes last.
     */
    static int rate(long word) {
        int free = free(word);
        if (free == 0) {
            return 0;
        }
        if (isOwned(word)) {
            return 1;
        }
        if (free < SPARSE_FRAMES) {
            return 2;
        }
        return free > TREE_FRAMES / 2 ? 3 : RATE_BEST;
    }

    static final int RATE_BEST = 4;

    /** True if a stripe may accept this rate without looking at all trees. */
    static boolean isAcceptable(int rate) {
        return rate >= 2;
    }

    /** At least {@code count} free in the area -> {@code count} fewer. */
    static long take(long word, int lane, int count) {
        return free(word, lane) >= count ? taken(word, lane) - ((long) count << (lane * LANE_BITS)) : REFUSED;
    }

    /** Not huge, and room for {@code count} more -> {@code count} more free. */
    static long give(long word, int lane, int count) {
        boolean fits = !isHuge(word, lane) && free(word, lane) + count <= AREA_FRAMES;
        return fits ? word + ((long) count << (lane * LANE_BITS)) : REFUSED;
    }

    /** All 512 frames of the area free -> one huge frame. */
    static long takeHuge(long word, int lane) {
        return free(word, lane) == AREA_FRAMES ? withLane(taken(word, lane), lane, HUGE) : REFUSED;
    }

    /**
     * A used area with all 512 frames free -> one huge frame, to give its memory back.
     *
     * @param evenRecent true to accept an area that was used recently
     */
    static long takeUsed(long word, int lane, boolean evenRecent) {
        boolean isWanted = free(word, lane) == AREA_FRAMES && isUsed(word, lane)
                && (evenRecent || !isRecent(word, lane));
        return isWanted ? withLane(word, lane, HUGE) : REFUSED;
    }

    /** A huge frame whose memory was given back -> 512 free frames that have not been used. */
    static long giveBack(long word, int lane) {
        return isHuge(word, lane) ? withLane(word, lane, AREA_FRAMES) & ~((USED | RECENT) << lane) : REFUSED;
    }

    /** A recently used area with all 512 frames free -> not recently used. */
    static long age(long word, int lane) {
        return free(word, lane) == AREA_FRAMES && isRecent(word, lane) ? word & ~(RECENT << lane) : REFUSED;
    }

    /** Any tree -> all its areas are used. */
    static long use(long word) {
        return word | ((1L << USED_BITS) - 1) << USED_SHIFT;
    }

    static boolean isUsed(long word, int lane) {
        return (word & USED << lane) != 0;
    }

    static boolean isRecent(long word, int lane) {
        return (word & RECENT << lane) != 0;
    }

    private static long taken(long word, int lane) {
        return word | (USED | RECENT) << lane;
    }

    /** A huge frame -> 512 free frames. */
    static long giveHuge(long word, int lane) {
        return isHuge(word, lane) ? withLane(word, lane, AREA_FRAMES) : REFUSED;
    }

    /** No owner -> {@code owner}. */
    static long own(long word, int owner) {
        assert owner > NOBODY && owner <= OWNER_MAX : "owner is out of range: owner=" + owner;
        return isOwned(word) ? REFUSED : word + owner * OWNER;
    }

    /** {@code owner} -> no owner. */
    static long disown(long word, int owner) {
        return owner(word) == owner ? word - owner * OWNER : REFUSED;
    }

    static String toString(long word) {
        StringBuilder text = new StringBuilder("owner=").append(owner(word)).append(" free=");
        for (int lane = 0; lane < TREE_AREAS; lane++) {
            text.append(lane == 0 ? "" : "|");
            text.append(isHuge(word, lane) ? "huge" : Integer.toString(free(word, lane)));
        }
        return text.toString();
    }

    private static long withLane(long word, int lane, long value) {
        int shift = lane * LANE_BITS;
        return (word & ~(LANE_MASK << shift)) | (value << shift);
    }
}
