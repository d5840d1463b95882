package io.quire.memory.migrate;

import io.quire.memory.attach.Notifier;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.driver.DriverCall;
import io.quire.memory.frame.FramePool;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.PageTable;
import java.util.Arrays;
import java.util.List;

/** Gives pages that were never written a frame of zeros on a device. Any thread that holds no lock. */
final class EmptyPages {

    private final SpaceState space;
    private final TieredMemory memory;

    EmptyPages(SpaceState space, TieredMemory memory) {
        this.space = space;
        this.memory = memory;
    }

    /**
     * Fills the empty pages of a range within one leaf, except those that may not be read.
     *
     * @param batch gets the outcome of each page
     */
    void fill(long from, long to, DeviceTier tier, Batch batch) {
        long empty = findEmpty(from, to, batch);
        if (empty == LeafPages.NONE) {
            return;
        }
        long[] frames = new long[Geometry.FAN_OUT];
        Arrays.fill(frames, FramePool.NONE);
        DriverCall<?> zeroing = null;
        try {
            tier.pool().allocate(frames, empty); // a page that gets none stays empty
            List<Long> taken = Arrays.stream(frames).filter(frame -> frame != FramePool.NONE).boxed().toList();
            if (tier.device().isPrivate() && !taken.isEmpty()) {
                zeroing = tier.device().calls().beginRun("zeroing of frames", () -> zero(taken, tier));
                zeroing.await();
            } else {
                taken.forEach(frame -> memory.pools().memory().fill(frame, Geometry.PAGE_BYTES, (byte) 0));
            }
            putAll(batch, empty, frames, tier);
        } finally {
            if (zeroing == null || !zeroing.mayStillRun()) {
                giveBack(frames, tier);
            }
        }
    }

    /** Finds the pages that may be filled. A page that was written since the batch was made has lost a race. */
    private long findEmpty(long from, long to, Batch batch) {
        long empty = LeafPages.NONE;
        for (long page = from; page < to; page += Geometry.PAGE_BYTES) {
            int index = Geometry.pageIndex(page);
            if (!batch.wants(index) && mayBeFilled(page)) {
                if (Entry.isPresent(space.table().entry(page))) {
                    batch.settle(index, PageOutcome.RACED);
                } else {
                    empty |= LeafPages.of(index);
                }
            }
        }
        return empty;
    }

    private void putAll(Batch batch, long empty, long[] frames, DeviceTier tier) {
        space.table().lock();
        try {
            for (long rest = empty; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
                int index = LeafPages.first(rest);
                long page = batch.address(index);
                if (!mayBeFilled(page)) {
                    continue; // it stays empty
                }
                if (Entry.isPresent(space.table().entry(page))) {
                    batch.settle(index, PageOutcome.RACED);
                } else if (frames[index] == FramePool.NONE) {
                    batch.settle(index, PageOutcome.NO_FREE_FRAME);
                } else {
                    put(batch, index, frames, tier);
                }
            }
        } finally {
            space.table().unlock();
        }
    }

    private static void giveBack(long[] frames, DeviceTier tier) {
        for (long frame : frames) {
            if (frame != FramePool.NONE) {
                tier.pool().release(frame);
            }
        }
    }

    /** Returns false for a snapshot: its empty pages read as zeros without a frame. */
    private boolean mayBeFilled(long page) {
        return !space.table().isSnapshot() && space.table().permissions().isReadable(space.table().root(), page);
    }

    /** On the driver's thread. */
    private static void zero(List<Long> frames, DeviceTier tier) {
        for (long frame : frames) {
            tier.device().calls().next();
            tier.device().privateDriver().zero(tier.pool().frame(frame));
        }
    }

    /** Puts a frame into the leaf, and takes it off the list of frames that are given back. */
    private void put(Batch batch, int index, long[] frames, DeviceTier tier) {
        long page = batch.address(index);
        long frame = frames[index];
        PageTable table = space.table();
        long[] leaf = table.ownLeaf(page);
        tier.holds(frame, space.lineage(), page);
        try (Notifier.Window _ = space.notifier().mapsZero(page)
                ? space.notifier().start(InvalidationKind.CLEAR, page) : Notifier.Window.NONE) {
            long entry = Entry.present(frame);
            boolean isWritable = table.permissions().isWritable(table.root(), page);
            if (!Leaf.compareAndSet(leaf, index, Entry.ABSENT, isWritable ? Entry.writable(entry) : entry)) {
                batch.settle(index, PageOutcome.RACED);
                return;
            }
            frames[index] = FramePool.NONE;
            batch.settle(index, PageOutcome.FILLED);
        }
        memory.events().moved(true, 1);
    }
}
