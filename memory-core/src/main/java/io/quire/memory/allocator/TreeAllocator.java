package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameUnits.NONE;
import static io.quire.memory.allocator.FrameUnits.TREE_AREAS;

/**
 * Finds frames in the trees. Each stripe stays with one tree as long as that has free frames, so threads of different
 * stripes change different words, and other trees stay whole. The upper level of LLFree (Wrenger et al., USENIX
 * ATC'23), except that a reservation is only a preference: the frames stay counted in the tree.
 *
 * <p>Knows nothing of magazines. Lock-free.
 */
final class TreeAllocator {
    /** How many trees a search rates before it accepts the best one so far. */
    private static final int NEAR_TREES = 64;

    private final FrameTrees trees;
    private final Stripes stripes;

    // RACY(huge-hint): may be any tree; the search for a huge frame starts here and visits all of them.
    private int hugeTree;

    TreeAllocator(FrameTrees trees, Stripes stripes) {
        this.trees = trees;
        this.stripes = stripes;
        this.hugeTree = trees.count() - 1;
    }

    /** Takes a frame, a run or a huge frame; NONE if this search found none. */
    int allocate(int stripe, int order) {
        return switch (order) {
            case 0 -> allocateFrame(stripe);
            case FrameAllocator.HUGE_ORDER -> allocateHuge();
            default -> allocateRun(stripe, order);
        };
    }

    /**
     * Frees what {@link #allocate} took. If it is not allocated, or not in this order, changes nothing and returns
     * false.
     */
    boolean free(int stripe, int frame, int order) {
        boolean freed = order == FrameAllocator.HUGE_ORDER
                ? trees.giveHuge(FrameUnits.areaOfFrame(frame))
                : trees.giveFrames(FrameUnits.rowOfFrame(frame), RowWord.run(frame, order));
        if (freed) {
            stripes.countMove(stripe);
        }
        return freed;
    }

    // ---- single frames ----

    private int allocateFrame(int stripe) {
        for (int tree = treeFor(stripe); tree != NONE; tree = treeFor(stripe)) {
            long reservation = stripes.reservationOpaque(stripe);
            int near = startRow(reservation, tree);
            long ticket = trees.ticket(tree, laneOfRow(near), 1);
            if (ticket != Ticket.NONE) {
                return redeem(stripe, reservation, near, ticket);
            }
        }
        return NONE;
    }

    private int redeem(int stripe, long reservation, int near, long ticket) {
        int row = rowFor(ticket, near);
        long mask = trees.takeLowest(row, 1);
        while (mask == 0) {
            row = FrameUnits.nextRowOfArea(row);
            mask = trees.takeLowest(row, 1);
        }
        moveTo(stripe, reservation, row);
        return FrameUnits.lowestFrame(row, mask);
    }

    /** Fills {@code frames} from the front. Returns how many it found; fewer than asked for if it found no more. */
    int allocateMany(int stripe, int[] frames) {
        int taken = 0;
        while (taken < frames.length) {
            int tree = treeFor(stripe);
            if (tree == NONE) {
                return taken;
            }
            taken += allocateBatch(stripe, tree, frames, taken);
        }
        return taken;
    }

    /**
     * Takes frames of one area and writes them to {@code batch}, from index {@code from} to the end, in ascending order
     * where the area allows it. A caller that puts them where other threads may take them begins a transfer first.
     *
     * @param tree the result of {@link #treeFor}
     * @return the number of frames; 0 if other threads were faster
     */
    int allocateBatch(int stripe, int tree, int[] batch, int from) {
        long reservation = stripes.reservationOpaque(stripe);
        int near = startRow(reservation, tree);
        long ticket = trees.ticket(tree, laneOfRow(near), batch.length - from);
        int count = Ticket.count(ticket);
        if (count == 0) {
            return 0;
        }
        int row = rowFor(ticket, near);
        int taken = 0;
        while (true) {
            for (long mask = trees.takeLowest(row, count - taken); mask != 0; mask &= mask - 1) {
                batch[from + taken++] = FrameUnits.lowestFrame(row, mask);
            }
            if (taken == count) {
                moveTo(stripe, reservation, row);
                return count;
            }
            row = FrameUnits.nextRowOfArea(row);
        }
    }

    // ---- choice of a tree ----

    /** Returns a tree with free frames, preferably that of the stripe; NONE if this search found no free frame. */
    int treeFor(int stripe) {
        long reservation = stripes.reservationOpaque(stripe);
        int home = ReservationWord.tree(reservation);
        if (ReservationWord.isHeld(reservation) && TreeWord.free(trees.wordOpaque(home)) > 0) {
            return home;
        }
        int tree = bestTree(home);
        if (tree != NONE) {
            reserve(stripe, reservation, tree);
        }
        return tree;
    }

    private int bestTree(int from) {
        int best = NONE;
        int bestRate = 0;
        for (int step = 0; step < trees.count(); step++) {
            int tree = inCircle(from, step);
            int rate = TreeWord.rate(trees.wordOpaque(tree));
            if (rate == TreeWord.RATE_BEST) {
                return tree;
            }
            if (rate > bestRate) {
                best = tree;
                bestRate = rate;
            }
            if (step >= NEAR_TREES && TreeWord.isAcceptable(bestRate)) {
                break;
            }
        }
        return best;
    }

    /**
     * Makes {@code tree} the tree of the stripe instead of the one in {@code reservation}. Does nothing if the tree has
     * an owner, or if another thread of the stripe was faster.
     */
    private void reserve(int stripe, long reservation, int tree) {
        int owner = Stripes.ownerOf(stripe);
        if (!trees.own(tree, owner)) {
            return;
        }
        long next = ReservationWord.held(FrameUnits.firstRowOfTree(tree));
        if (!stripes.changeReservation(stripe, reservation, next)) {
            trees.disown(tree, owner);
        } else if (ReservationWord.isHeld(reservation)) {
            trees.disown(ReservationWord.tree(reservation), owner);
        }
    }

    /**
     * Makes the stripe look at {@code row} first, if that is still in its tree. Must not fail: the frames are taken.
     */
    private void moveTo(int stripe, long reservation, int row) {
        try {
            tryMoveTo(stripe, reservation, row);
        } catch (StackOverflowError lost) {
            // the row is only a hint
        }
    }

    private void tryMoveTo(int stripe, long reservation, int row) {
        boolean inside = ReservationWord.holds(reservation, FrameUnits.treeOfRow(row));
        if (inside && ReservationWord.row(reservation) != row) {
            // RACY(row-hint): may be lost; the next search then starts at a worse row and moves it.
            stripes.changeReservation(stripe, reservation, ReservationWord.movedTo(reservation, row));
        }
    }

    // ---- runs ----

    private int allocateRun(int stripe, int order) {
        long reservation = stripes.reservationOpaque(stripe);
        int home = ReservationWord.tree(reservation);
        int frame = ReservationWord.isHeld(reservation) ? runOfTree(stripe, home, order) : NONE;
        if (frame == NONE) {
            frame = runOfAny(stripe, reservation, order);
        }
        return frame != NONE ? frame : runOfOwned(stripe, home, order);
    }

    private int runOfAny(int stripe, long reservation, int order) {
        int home = ReservationWord.tree(reservation);
        for (int step = 0; step < trees.count(); step++) {
            int tree = inCircle(home, step);
            int frame = TreeWord.isOwned(trees.wordOpaque(tree)) ? NONE : runOfTree(stripe, tree, order);
            if (frame != NONE) {
                reserve(stripe, reservation, tree);
                return frame;
            }
        }
        return NONE;
    }

    /** The last pass: takes a run of any tree, even one that another stripe owns. */
    private int runOfOwned(int stripe, int home, int order) {
        for (int step = 0; step < trees.count(); step++) {
            int frame = runOfTree(stripe, inCircle(home, step), order);
            if (frame != NONE) {
                return frame;
            }
        }
        return NONE;
    }

    private int runOfTree(int stripe, int tree, int order) {
        long word = trees.wordOpaque(tree);
        for (int lane = 0; lane < TREE_AREAS; lane++) {
            int area = FrameUnits.areaOfTree(tree, lane);
            if (TreeWord.free(word, lane) >= 1 << order && trees.hasRun(area, order)) {
                int frame = runOfArea(stripe, area, order);
                if (frame != NONE) {
                    return frame;
                }
            }
        }
        return NONE;
    }

    /**
     * Takes the count before it knows that a run exists. Until then these frames are hidden from other threads, so this
     * is a transfer.
     */
    private int runOfArea(int stripe, int area, int order) {
        stripes.beginTransfer(stripe);
        try {
            if (!trees.take(area, 1 << order)) {
                return NONE;
            }
            int frame = trees.takeRun(area, order);
            if (frame == NONE) {
                trees.give(area, 1 << order);
            }
            return frame;
        } finally {
            stripes.endTransfer(stripe);
        }
    }

    // ---- huge frames ----

    /**
     * Searches down from the end of the pool, which single frames reach last. Trees that a stripe owns come after all
     * others.
     */
    private int allocateHuge() {
        int area = takeHuge(false);
        if (area == NONE) {
            area = takeHuge(true);
        }
        return area == NONE ? NONE : area << FrameUnits.AREA_SHIFT;
    }

    private int takeHuge(boolean owned) {
        int from = hugeTree;
        for (int step = 0; step < trees.count(); step++) {
            int tree = from >= step ? from - step : from - step + trees.count();
            long word = trees.wordOpaque(tree);
            int lane = TreeWord.laneWith(word, 0, FrameUnits.AREA_FRAMES);
            while (lane != NONE && (owned || !TreeWord.isOwned(word))) {
                int area = FrameUnits.areaOfTree(tree, lane);
                if (trees.takeHuge(area)) {
                    hugeTree = tree;
                    return area;
                }
                word = trees.wordOpaque(tree);
                lane = TreeWord.laneWith(word, 0, FrameUnits.AREA_FRAMES);
            }
        }
        return NONE;
    }

    // ---- small steps ----

    /** The tree {@code step} places after {@code from}, wrapping around. Both are less than the number of trees. */
    private int inCircle(int from, int step) {
        int tree = from + step;
        return tree < trees.count() ? tree : tree - trees.count();
    }

    private static int startRow(long reservation, int tree) {
        return ReservationWord.holds(reservation, tree) ? ReservationWord.row(reservation)
                : FrameUnits.firstRowOfTree(tree);
    }

    private static int laneOfRow(int row) {
        return FrameUnits.laneOfArea(FrameUnits.areaOfRow(row));
    }

    private static int rowFor(long ticket, int near) {
        int area = Ticket.area(ticket);
        return FrameUnits.areaOfRow(near) == area ? near : FrameUnits.firstRowOfArea(area);
    }
}
