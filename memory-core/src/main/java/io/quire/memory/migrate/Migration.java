package io.quire.memory.migrate;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.fault.DeviceFaults;
import io.quire.memory.fault.Homecoming;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.LeafPages;
import org.jspecify.annotations.Nullable;

/**
 * Moves pages between pools, for all spaces that share them at once. A batch is what one leaf maps:
 * <ol>
 * <li>with the tables of the lineage locked, <em>mark</em>: from now on no processor and no device may write the pages,
 * and this waits for those that are writing;
 * <li>without any lock, <em>copy</em>;
 * <li>locked again, <em>commit</em> each page whose mark is still there in every leaf that maps it. A writer that came
 * in between has taken the mark away and keeps the page where it is.
 * </ol>
 * {@link Move} carries that out for one batch. Any thread; the caller holds no lock of a space.
 */
public final class Migration implements Homecoming {

    private final TieredMemory memory;
    private final DeviceFaults deviceFaults;

    /** Creates the migration of one manager. */
    public Migration(TieredMemory memory, DeviceFaults deviceFaults) {
        this.memory = memory;
        this.deviceFaults = deviceFaults;
    }

    /**
     * Moves a batch; every page of it that has a source has an outcome afterwards. Whatever is thrown, each page is
     * either where it was or where it was to go, and nothing is marked, held or announced any more.
     */
    void move(Batch batch) {
        if (batch.wanted() == LeafPages.NONE) {
            return;
        }
        Move move = new Move(memory, deviceFaults, batch);
        // STEP(migrate 1)
        batch.lineage.migration().lock();
        try {
            move.run();
        } finally {
            batch.lineage.migration().unlock();
        }
    }

    @Override
    public void bringHome(SpaceState space, long page, @Nullable ManagedDevice device) {
        long entry = space.table().entry(page);
        boolean isWithinReach = !Entry.isPrivate(entry)
                || (device != null && device.pool().contains(Entry.offset(entry)));
        if (!isWithinReach) {
            bringToHost(space, page);
        } else if (Entry.isMigrating(entry)) { // another thread brings it home
            space.lineage().awaitMigration();
        }
    }

    /**
     * Moves a page from a device to the host. Writers of the page wait meanwhile, so this comes to an end.
     *
     * @throws PagesBusyException if it is pinned there
     * @throws OutOfFramesException if the host has no frame for it
     */
    public void bringToHost(SpaceState space, long page) {
        int index = Geometry.pageIndex(page);
        PageOutcome outcome;
        do {
            Batch batch = new Batch(space, page, memory.pools().host());
            move(batch);
            outcome = batch.outcome(index);
        } while (outcome == PageOutcome.RACED); // it was unmapped, or is another page now
        switch (outcome) {
            case MOVED -> memory.events().broughtHome();
            case NO_FREE_FRAME -> throw shortage(space, page);
            case PINNED ->
                throw new PagesBusyException("a pinned page cannot move to the host: space=" + space.table().name()
                        + ", address=0x" + Long.toHexString(page) + ", held by " + space.pins().holderOf(page)
                        + "; close the pin first");
            case null, default -> {} // it is there, or nowhere: the caller looks again
        }
    }

    private OutOfFramesException shortage(SpaceState space, long page) {
        long entry = space.table().entry(page);
        boolean isOnDevice = Entry.isPresent(entry) && !memory.pools().isHost(Entry.offset(entry));
        return isOnDevice
                ? memory.shortageOnHost(space, page,
                        memory.device(memory.pools().of(Entry.offset(entry))).name())
                : memory.shortage(space); // it has left the device meanwhile
    }
}
