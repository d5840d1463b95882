package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.frame.FramePool;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.lineage.Lineage;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.Mappings;
import io.quire.memory.table.Root;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Moves one range of one space, a leaf at a time. Parts of the range for which the space has no leaf cost nothing. Used
 * once, by one thread.
 */
public final class RangeMigration {

    private final SpaceState space;
    private final TieredMemory memory;
    private final Migration migration;
    private final Evictor evictor;
    private final FramePool target;
    private final @Nullable DeviceTier device;
    private final long address;
    private final long end;
    private final OutcomeRuns outcomes = new OutcomeRuns();

    /** True if nothing on the device could be evicted: then it is not asked again. */
    private boolean deviceIsFull;

    /** Prepares to move a range of a space to a pool. */
    public RangeMigration(SpaceState space, Evictor evictor, FramePool target, long address, long sizeBytes) {
        this.space = space;
        this.evictor = evictor;
        this.migration = evictor.migration();
        this.memory = evictor.memory();
        this.target = target;
        this.device = target.kind() == PoolKind.HOST ? null : memory.tier(target);
        this.address = address;
        this.end = address + sizeBytes;
    }

    /**
     * Moves what can be moved. It never evicts a page of its own range to make room.
     *
     * @param progress is told after every batch how many bytes are done
     * @return the outcome of each page, at the moment when its batch was done
     * @throws io.quire.memory.contract.ClosedException if the space is closed, or was closed meanwhile
     * @throws io.quire.memory.contract.DeviceClosedException if the device is closed, or was closed meanwhile
     * @throws io.quire.memory.contract.DriverFailedException if the device is lost, or a driver fails
     */
    public OutcomeRuns move(LongConsumer progress) {
        checkDevice();
        space.table().permissions().checkAllMapped(address, end - address);
        for (long from = address; from < end;) {
            long leaf = space.table().root().nextLeaf(from, end);
            from = leaf <= from ? moveLeaf(from, end) : dealWithNothing(from, Math.min(leaf, end));
            progress.accept(from - address);
            checkDevice();
        }
        return outcomes;
    }

    /** Throws if the device is closing: what was moved to it comes back, so no report would be true. */
    private void checkDevice() {
        if (device != null) {
            device.device().checkOpen();
            device.device().calls().checkAnswers("migrate");
        }
    }

    /** Moves the pages of one leaf. Returns where to go on. */
    private long moveLeaf(long from, long limit) {
        long to = Math.min(limit, (from & -Geometry.LEAF_BYTES) + Geometry.LEAF_BYTES);
        makeRoom(pages(from, to));
        Batch batch = Batch.of(space, from, to, target);
        migration.move(batch);
        if (device != null && batch.hasGap(from, to)) {
            new EmptyPages(space, memory).fill(from, to, device, batch);
        }
        note(batch, from, to);
        return to;
    }

    /** Adds the outcome of addresses that have no leaf, or fills them on the device. Returns where to go on. */
    private long dealWithNothing(long from, long limit) {
        Root root = space.table().root();
        long to = endOfMapping(root, from, limit);
        if (device == null || space.table().isSnapshot() || !space.table().permissions().isReadable(root, from)) {
            outcomes.add(PageOutcome.EMPTY, pages(from, to));
            return to;
        }
        if (!deviceIsFull || target.hasFree(1)) {
            return moveLeaf(from, to);
        }
        outcomes.add(PageOutcome.NO_FREE_FRAME, pages(from, to));
        return to;
    }

    /** Returns where the mapping of an address ends; where the next begins if it was unmapped meanwhile. */
    private static long endOfMapping(Root root, long from, long limit) {
        List<Mappings.Range> ranges = root.mappings().between(from, limit);
        if (ranges.isEmpty()) {
            return limit;
        }
        Mappings.Range first = ranges.getFirst();
        return Math.min(limit, first.start() <= from ? first.end() : first.start());
    }

    private void makeRoom(int frames) {
        if (device != null && !deviceIsFull) {
            deviceIsFull = !evictor.makeRoom(device, frames, this::isOfThis);
        }
    }

    /** True if a page is in the range of this migration. */
    private boolean isOfThis(Lineage lineage, long page) {
        return lineage == space.lineage() && address <= page && page < end;
    }

    private void note(Batch batch, long from, long to) {
        int pages = pages(from, to);
        if (LeafPages.count(batch.moved()) == pages) {
            outcomes.add(PageOutcome.MOVED, pages);
            return;
        }
        for (int i = 0; i < pages; i++) {
            outcomes.add(Objects.requireNonNullElse(batch.outcome(Geometry.pageIndex(from) + i), PageOutcome.EMPTY), 1);
        }
    }

    private static int pages(long from, long to) {
        return (int) ((to - from) >>> Geometry.PAGE_SHIFT);
    }
}
