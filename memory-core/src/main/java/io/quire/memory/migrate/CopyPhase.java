package io.quire.memory.migrate;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.driver.DriverCall;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.LeafPages;
import org.jspecify.annotations.Nullable;

/** The second phase of a move: copies the marked pages into their new frames, without any lock. */
final class CopyPhase {

    private final TieredMemory memory;
    private final FramePools pools;
    private final Batch batch;

    /** The call of a driver that fills new frames, and whose it is. */
    private @Nullable DriverCall<?> filling;
    private @Nullable ManagedDevice filledBy;

    CopyPhase(TieredMemory memory, Batch batch) {
        this.memory = memory;
        this.pools = memory.pools();
        this.batch = batch;
    }

    // STEP(migrate 5)
    void run() {
        long reachable = batch.moving();
        for (DeviceTier tier : memory.tiers()) {
            ManagedDevice device = tier.device();
            long pages = device.isPrivate() ? movedBy(device) : LeafPages.NONE;
            if (pages != LeafPages.NONE) {
                reachable &= ~pages;
                filledBy = device;
                filling = device.calls().beginRun("copy of pages", () -> copyAll(device, pages));
                filling.await();
            }
        }
        while (reachable != LeafPages.NONE) {
            int first = LeafPages.first(reachable);
            int run = batch.runOf(reachable);
            pools.memory().copy(batch.sources[first], batch.targets[first], (long) run * Geometry.PAGE_BYTES);
            reachable &= ~LeafPages.between(batch.leafStart, batch.address(first), batch.address(first + run));
        }
    }

    /** True if a driver that did not return may still write to the new frame of a page: nobody else may have it. */
    boolean mayStillFill(int page) {
        return filling != null && filling.mayStillRun() && filledBy == deviceOf(page);
    }

    /** The device that a page comes from or goes to. */
    ManagedDevice deviceOf(int page) {
        FramePool device = batch.target.kind() == PoolKind.HOST ? pools.of(batch.sources[page]) : batch.target;
        return memory.device(device);
    }

    /** The moving pages that come from a device or go to it. */
    private long movedBy(ManagedDevice device) {
        if (batch.target.kind() != PoolKind.HOST) {
            return device.pool() == batch.target ? batch.moving() : LeafPages.NONE;
        }
        return batch.from(device.pool(), batch.moving());
    }

    private void copyAll(ManagedDevice device, long pages) {
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            device.calls().next();
            copy(device, LeafPages.first(rest));
        }
    }

    private void copy(ManagedDevice device, int page) {
        if (batch.target.kind() == PoolKind.HOST) {
            device.privateDriver().copyToHost(device.pool().frame(batch.sources[page]),
                    pools.memory().slice(batch.targets[page], Geometry.PAGE_BYTES));
        } else {
            device.privateDriver().copyToDevice(pools.memory().slice(batch.sources[page], Geometry.PAGE_BYTES),
                    device.pool().frame(batch.targets[page]));
        }
    }
}
