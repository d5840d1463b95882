package io.quire.memory.space;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.frame.FramePool;
import io.quire.memory.table.Geometry;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Moves a range of one space, a leaf at a time. Any thread. */
public final class RangeMigration {

    private final Space space;
    private final Machine machine;
    private final FramePool target;
    private final @Nullable DriverLink device;

    /** Between a space and a pool. */
    public RangeMigration(Space space, FramePool target) {
        this.space = space;
        this.machine = space.machine();
        this.target = target;
        this.device = target.kind() == PoolKind.HOST ? null : machine.link(target);
    }

    /**
     * Moves what can be moved.
     *
     * @param progress is told after every batch how many bytes have been dealt with
     * @return what became of each page
     */
    public PageOutcome[] move(long address, long sizeBytes, LongConsumer progress) {
        if (device != null) {
            device.checkOpen();
        }
        space.checkAllMapped(address, sizeBytes);
        PageOutcome[] outcomes = new PageOutcome[Math.toIntExact(sizeBytes >>> Geometry.PAGE_SHIFT)];
        long end = address + sizeBytes;
        for (long from = address; from < end;) {
            long to = Math.min(end, (from & -Geometry.LEAF_BYTES) + Geometry.LEAF_BYTES);
            moveLeaf(from, to, address, outcomes);
            progress.accept(to - address);
            from = to;
        }
        return outcomes;
    }

    private void moveLeaf(long from, long to, long start, PageOutcome[] outcomes) {
        if (device != null) {
            machine.evictor().makeRoom(device, (int) ((to - from) >>> Geometry.PAGE_SHIFT));
        }
        Batch batch = Migration.of(space, from, to, target);
        machine.migration().move(batch);
        if (device != null && batch.hasGap(from, to)) {
            new EmptyPages(space).fill(from, to, device, batch);
        }
        int first = (int) ((from - start) >>> Geometry.PAGE_SHIFT);
        int pages = (int) ((to - from) >>> Geometry.PAGE_SHIFT);
        if (LeafPages.count(batch.moved()) == pages) {
            Arrays.fill(outcomes, first, first + pages, PageOutcome.MOVED);
            return;
        }
        for (int i = 0; i < pages; i++) {
            outcomes[first + i] = Objects.requireNonNullElse(batch.outcome(Geometry.pageIndex(from) + i),
                    PageOutcome.EMPTY);
        }
    }
}
