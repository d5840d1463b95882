package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.lineage.MapCount;
import io.quire.memory.lineage.ReverseMap;
import io.quire.memory.table.LeafPages;
import org.jspecify.annotations.Nullable;

/** What keeps a page in its frame. With the tables of the lineage locked. */
final class Obstacles {

    private final Batch batch;
    private final FramePools pools;

    Obstacles(Batch batch, FramePools pools) {
        this.batch = batch;
        this.pools = pools;
    }

    /**
     * Why a page cannot move; null if it can.
     *
     * @param kept the pages that cursors keep in place: see {@link #keptInPlace}
     */
    @Nullable PageOutcome before(int page, MapCount seen, long kept) {
        FramePool from = pools.of(batch.sources[page]);
        if (from == batch.target) {
            return PageOutcome.ALREADY_THERE;
        }
        if (from.kind() != PoolKind.HOST && batch.target.kind() != PoolKind.HOST) {
            return PageOutcome.OTHER_DEVICE;
        }
        if (seen.mapped(page) == 0) {
            return PageOutcome.RACED;
        }
        if (LeafPages.contains(seen.exclusive(), page)) {
            return PageOutcome.EXCLUSIVE;
        }
        // More references than leaves are those of closed forks: no obstacle, the frame is free when they are gone.
        return isPinned(page, from, kept, 0) ? PageOutcome.PINNED : null;
    }

    /**
     * True if somebody else holds the frame of a page, or a cursor may be reading it.
     *
     * @param own how many holds are this move's own
     */
    boolean isPinned(int page, long kept, int own) {
        return isPinned(page, pools.of(batch.sources[page]), kept, own);
    }

    private boolean isPinned(int page, FramePool from, long kept, int own) {
        return from.holds(batch.sources[page]) > own || isReadByCursor(page, from, kept);
    }

    /** A cursor never hands out a frame that the processor cannot reach. */
    private static boolean isReadByCursor(int page, FramePool from, long kept) {
        return LeafPages.contains(kept, page) && from.kind() != PoolKind.DEVICE_PRIVATE;
    }

    /** The pages of the leaf that cursors of some space keep in place. */
    long keptInPlace(ReverseMap map) {
        long kept = LeafPages.NONE;
        for (int i = 0; i < map.spaces().size(); i++) {
            kept |= map.spaces().get(i).table().kept().pagesOf(batch.leafStart);
        }
        return kept;
    }
}
