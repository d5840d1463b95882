package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.lineage.ReverseMap;
import io.quire.memory.table.Entry;
import io.quire.memory.table.LeafPages;

/**
 * The marks that a move sets in the leaves, with a hold on each marked page's frame; and how it takes both back, so
 * that the page stays where it is. With the tables of the lineage locked.
 */
final class Marks {

    private static final ReverseMap.Step MARK = (_, entry) -> Entry.migrating(entry);
    private static final ReverseMap.Step SETTLE = (_, entry) -> Entry.settled(entry);

    private final Batch batch;
    private final FramePools pools;
    private final Obstacles obstacles;
    private final CopyPhase copy;

    Marks(Batch batch, FramePools pools, Obstacles obstacles, CopyPhase copy) {
        this.batch = batch;
        this.pools = pools;
        this.obstacles = obstacles;
        this.copy = copy;
    }

    /** Marks all moving pages. Those whose frames are held as often as can be counted are left out, as pinned. */
    void set(ReverseMap map) {
        for (long rest = batch.moving(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            if (pools.hold(batch.sources[page])) {
                batch.setHeld(page, true);
            } else {
                batch.settle(page, PageOutcome.PINNED);
                batch.target.release(batch.targets[page]);
            }
        }
        map.change(batch.moving(), batch.sources, MARK);
    }

    /** Takes the marks off pages that have moved. */
    static void clear(ReverseMap map, long pages, long[] frames) {
        map.change(pages, frames, SETTLE);
    }

    /** Leaves all moving pages where they are, with one outcome. */
    void leaveAll(ReverseMap map, PageOutcome outcome) {
        for (long rest = batch.moving(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            leave(page, map);
            batch.settle(page, outcome);
        }
    }

    /**
     * Leaves one page where it is: an entry that could be written before can be written again. If an Error comes
     * between, the page is still moving, and another call does the rest.
     */
    void leave(int page, ReverseMap map) {
        boolean isBeingFilled = copy.mayStillFill(page);
        boolean isHeld = batch.isHeld(page);
        long frame = batch.sources[page];
        FramePool from = pools.of(frame);
        map.change(LeafPages.of(page), batch.sources, SETTLE);
        boolean isPinned = obstacles.isPinned(page, obstacles.keptInPlace(map), isHeld ? 1 : 0);
        if (isHeld) {
            from.releaseHold(frame);
            batch.setHeld(page, false);
        }
        if (!isBeingFilled) {
            batch.target.release(batch.targets[page]);
        }
        batch.settle(page, isPinned ? PageOutcome.PINNED : PageOutcome.RACED);
    }
}
