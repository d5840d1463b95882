package io.quire.memory.space;

import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import io.quire.memory.driver.DriverWork;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import java.util.ArrayList;
import java.util.List;

/**
 * Moves pages between pools, for all spaces that share them at once. A batch is what one leaf maps:
 * <ol>
 * <li>with the tables of the lineage locked, <em>mark</em>: no processor and no device may write the pages any more,
 * and those who are writing are waited for;
 * <li>without any lock, <em>copy</em>;
 * <li>locked again, <em>commit</em> each page whose mark is still there in every leaf that maps it. A writer that came
 * in between has taken the mark away and keeps the page where it is.
 * </ol>
 * Any thread; the caller holds no lock of a space.
 */
final class Migration {

    /** How often a page that must come home is tried again when somebody else was faster. */
    private static final int ATTEMPTS = 1_000;

    private final Machine machine;
    private final FramePools pools;

    Migration(Machine machine) {
        this.machine = machine;
        this.pools = machine.pools();
    }

    /** Moves a batch; every page of it that has a source has an outcome afterwards. */
    void move(Batch batch) {
        if (batch.isEmpty()) {
            return;
        }
        batch.lineage.migration().lock();
        try {
            mark(batch);
            if (batch.isAnyMoving()) {
                boolean copied = false;
                try {
                    copy(batch);
                    copied = true;
                } finally {
                    finish(batch, copied);
                }
            }
        } finally {
            batch.lineage.migration().unlock();
        }
    }

    /**
     * Moves a page from a device to the host, for an access that cannot reach it where it is, or a pin.
     *
     * @throws PagesBusyException if it is pinned there
     * @throws OutOfFramesException if the host has no frame for it
     */
    void bringHome(Space space, long page) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            long entry = space.entry(page);
            if (!Entry.isPresent(entry) || pools.isHost(Entry.offset(entry)) || space.isClosed()) {
                return; // somebody else was faster; the caller looks again
            }
            Batch batch = new Batch(space.lineage(), page, pools.host(), true, true);
            int index = Geometry.pageIndex(page);
            batch.sources[index] = Entry.offset(entry);
            move(batch);
            switch (batch.outcomes[index]) {
                case MOVED -> {
                    machine.events().broughtHome();
                    return;
                }
                case NO_FREE_FRAME -> throw Shortage.exception(machine, space);
                case PINNED -> throw new PagesBusyException("a pinned page cannot move to the host: space="
                        + space.name() + ", address=0x" + Long.toHexString(page) + ", held by "
                        + space.holderOf(page) + "; close the pin first");
                case null, default -> machine.reclaimer().reclaimAll(); // raced: a closed fork may be in the way
            }
        }
        throw new PagesBusyException("a page was changed by others each time it was to move to the host: space="
                + space.name() + ", address=0x" + Long.toHexString(page) + ", attempts=" + ATTEMPTS);
    }

    // ---- mark

    private void mark(Batch batch) {
        List<Space> locked = batch.lineage.lock();
        try {
            Mappers mappers = Mappers.find(locked, batch.leafStart);
            if (batch.dissolves) {
                dissolve(batch, mappers);
            }
            for (int page = 0; page < Geometry.FAN_OUT; page++) {
                if (batch.sources[page] != Batch.NONE) {
                    choose(batch, page, mappers);
                }
            }
            if (batch.isAnyMoving()) {
                markChosen(batch, mappers);
            }
        } finally {
            Lineage.unlock(locked);
        }
    }

    private void dissolve(Batch batch, Mappers mappers) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            long frame = batch.sources[page];
            if (frame != Batch.NONE && mappers.isExclusive(page, frame)) {
                for (Space space : mappers.spaces()) {
                    if (space.exclusives().ownerOf(batch.address(page)) != null) {
                        space.exclusives().dissolve(batch.address(page));
                    }
                }
            }
        }
    }

    /** Decides on a page, and takes a frame for it if it is to move. */
    private void choose(Batch batch, int page, Mappers mappers) {
        long frame = batch.sources[page];
        FramePool from = pools.of(frame);
        int mapped = mappers.count(page, frame);
        if (from == batch.target) {
            batch.outcomes[page] = PageOutcome.ALREADY_THERE;
        } else if (from.kind() != PoolKind.HOST && batch.target.kind() != PoolKind.HOST) {
            batch.outcomes[page] = PageOutcome.OTHER_DEVICE;
        } else if (mapped == 0) {
            batch.outcomes[page] = PageOutcome.RACED;
        } else if (mappers.isExclusive(page, frame)) {
            batch.outcomes[page] = PageOutcome.EXCLUSIVE;
        } else if (from.holds(frame) > 0 || isReadByCursor(mappers, batch, page)) {
            batch.outcomes[page] = PageOutcome.PINNED;
        } else if (from.references(frame) != mapped) {
            batch.outcomes[page] = PageOutcome.RACED;
        } else {
            long target = allocate(batch.target);
            batch.targets[page] = target;
            batch.outcomes[page] = target == FramePool.NONE ? PageOutcome.NO_FREE_FRAME : null;
        }
    }

    /** Whether a cursor may be reading the frame; one that the processor cannot reach it has not handed out. */
    private boolean isReadByCursor(Mappers mappers, Batch batch, int page) {
        if (pools.of(batch.sources[page]).kind() == PoolKind.DEVICE_PRIVATE) {
            return false;
        }
        for (Space space : mappers.spaces()) {
            if (space.isKeptInPlace(batch.address(page))) {
                return true;
            }
        }
        return false;
    }

    private long allocate(FramePool target) {
        return target.kind() == PoolKind.HOST ? machine.tryAllocateFrame() : target.allocate();
    }

    private void markChosen(Batch batch, Mappers mappers) {
        List<Notifier.Window> windows = new ArrayList<>();
        boolean started = false;
        try {
            started = startAll(batch, mappers, InvalidationKind.MIGRATE, windows);
            if (!started) {
                giveUp(batch, PageOutcome.DEVICE_BUSY);
                return;
            }
            for (int page = 0; page < Geometry.FAN_OUT; page++) {
                if (batch.isMoving(page)) {
                    pools.hold(batch.sources[page]); // has no hold yet, so there is room for one
                    mappers.change(page, batch.sources[page], Entry::migrating);
                }
            }
            for (Space space : mappers.spaces()) {
                space.withdrawFromAll(Withdrawals.leafOf(batch.leafStart));
            }
        } catch (RuntimeException failed) {
            if (started) {
                leaveAll(batch, mappers, PageOutcome.RACED);
            } else {
                giveUp(batch, PageOutcome.RACED);
            }
            throw failed;
        } finally {
            windows.forEach(Notifier.Window::close);
        }
    }

    private boolean startAll(Batch batch, Mappers mappers, InvalidationKind kind, List<Notifier.Window> windows) {
        long start = batch.address(batch.firstMoving());
        long end = batch.address(batch.lastMoving()) + Geometry.PAGE_BYTES;
        DriverLink owner = deviceOf(batch, batch.firstMoving());
        for (Space space : mappers.spaces()) {
            Notifier.Window window = space.notifier().start(kind, start, end, owner, batch.mayBlock);
            if (window == null) {
                return false;
            }
            windows.add(window);
        }
        return true;
    }

    /** Nothing was marked: only the frames go back. */
    private void giveUp(Batch batch, PageOutcome outcome) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            if (batch.isMoving(page)) {
                batch.target.release(batch.targets[page]);
                batch.outcomes[page] = outcome;
            }
        }
    }

    // ---- copy

    private void copy(Batch batch) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            if (batch.isMoving(page) && !deviceOf(batch, page).isPrivate()) {
                pools.memory().copy(batch.sources[page], batch.targets[page], Geometry.PAGE_BYTES);
            }
        }
        for (DriverLink link : machine.links()) {
            if (link.isPrivate() && movesAny(batch, link)) {
                batch.filledBy = link;
                batch.filling = new DriverWork(() -> copyAllPrivate(link, batch));
                link.calls().run("copy of pages", batch.filling);
            }
        }
    }

    /** The device that a page comes from or goes to. */
    private DriverLink deviceOf(Batch batch, int page) {
        FramePool device = batch.target.kind() == PoolKind.HOST ? pools.of(batch.sources[page]) : batch.target;
        return machine.link(device);
    }

    private boolean isMovedBy(Batch batch, int page, DriverLink link) {
        return batch.isMoving(page) && deviceOf(batch, page).id() == link.id();
    }

    private boolean movesAny(Batch batch, DriverLink link) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            if (isMovedBy(batch, page, link)) {
                return true;
            }
        }
        return false;
    }

    private void copyAllPrivate(DriverLink link, Batch batch) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            if (isMovedBy(batch, page, link)) {
                copyPrivate(link, batch, page);
            }
        }
    }

    private void copyPrivate(DriverLink owner, Batch batch, int page) {
        if (batch.target.kind() == PoolKind.HOST) {
            owner.privateDriver().copyToHost(owner.pool().frame(batch.sources[page]),
                    pools.memory().slice(batch.targets[page], Geometry.PAGE_BYTES));
        } else {
            owner.privateDriver().copyToDevice(pools.memory().slice(batch.sources[page], Geometry.PAGE_BYTES),
                    owner.pool().frame(batch.targets[page]));
        }
    }

    // ---- commit

    /** Puts each page into its new frame, or leaves it in its old one. */
    private void finish(Batch batch, boolean copied) {
        List<Translated> arrived = new ArrayList<>();
        List<Space> locked = batch.lineage.lock();
        try {
            Mappers mappers = Mappers.find(locked, batch.leafStart);
            List<Notifier.Window> windows = new ArrayList<>();
            try {
                for (int page = 0; page < Geometry.FAN_OUT; page++) {
                    if (batch.isMoving(page) && (!copied || !mayCommit(batch, page, mappers))) {
                        leave(batch, page, mappers);
                    }
                }
                if (batch.isAnyMoving() && !startAll(batch, mappers, InvalidationKind.CLEAR, windows)) {
                    leaveAll(batch, mappers, PageOutcome.DEVICE_BUSY);
                }
                commit(batch, mappers);
            } catch (RuntimeException failed) {
                leaveAll(batch, mappers, PageOutcome.RACED);
                throw failed;
            } finally {
                windows.forEach(Notifier.Window::close);
            }
            collectArrived(batch, mappers, arrived);
        } finally {
            Lineage.unlock(locked);
        }
        arrived.forEach(news -> news.mirror().tellMapped(news.translations()));
    }

    private boolean mayCommit(Batch batch, int page, Mappers mappers) {
        long frame = batch.sources[page];
        FramePool from = pools.of(frame);
        // One hold is this migration's own.
        return from.holds(frame) == 1 && mappers.isMarked(page, frame)
                && from.references(frame) == mappers.count(page, frame)
                && !isReadByCursor(mappers, batch, page);
    }

    private void leaveAll(Batch batch, Mappers mappers, PageOutcome outcome) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            if (batch.isMoving(page)) {
                leave(batch, page, mappers);
                batch.outcomes[page] = outcome;
            }
        }
    }

    /** The page stays where it is; what was W is W again. */
    private void leave(Batch batch, int page, Mappers mappers) {
        boolean isBeingFilled = isBeingFilled(batch, page);
        long frame = batch.sources[page];
        mappers.change(page, frame, Entry::settled);
        batch.outcomes[page] = pools.holds(frame) > 1 || isReadByCursor(mappers, batch, page)
                ? PageOutcome.PINNED : PageOutcome.RACED;
        pools.unhold(frame);
        if (!isBeingFilled) {
            batch.target.release(batch.targets[page]);
        }
    }

    /** Whether a driver that did not return may still write to the new frame; then nobody else may have it. */
    private boolean isBeingFilled(Batch batch, int page) {
        return batch.filling != null && batch.filling.mayStillRun() && batch.filledBy == deviceOf(batch, page);
    }

    private void commit(Batch batch, Mappers mappers) {
        DriverLink device = batch.target.kind() == PoolKind.HOST ? null : machine.link(batch.target);
        int[] mapped = new int[Geometry.FAN_OUT];
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            if (batch.isMoving(page)) {
                long target = batch.targets[page];
                mapped[page] = mappers.count(page, batch.sources[page]);
                for (int more = 1; more < mapped[page]; more++) {
                    batch.target.acquire(target);
                }
                if (device != null) {
                    device.holds(target, batch.lineage, batch.address(page));
                    mappers.testAndClearAccessed(page); // what it was before says nothing of what it is there
                }
                // Still frozen: who can read the old frame must not miss a write to the new one.
                mappers.change(page, batch.sources[page], entry -> Entry.migrating(Entry.moved(entry, target)));
            }
        }
        for (Space space : mappers.spaces()) {
            space.withdrawals().withdraw(Withdrawals.leafOf(batch.leafStart));
        }
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            if (batch.isMoving(page)) {
                for (int leaf = 0; leaf < mapped[page]; leaf++) {
                    pools.release(batch.sources[page]);
                }
                pools.unhold(batch.sources[page]);
                mappers.change(page, batch.targets[page], Entry::settled);
                batch.outcomes[page] = PageOutcome.MOVED;
                machine.events().moved(device != null);
            }
        }
    }

    // ---- news for the device that the pages went to

    private record Translated(Mirror mirror, Translations translations) {
    }

    private void collectArrived(Batch batch, Mappers mappers, List<Translated> arrived) {
        for (Space space : mappers.spaces()) {
            for (Mirror mirror : space.notifier().mirrors()) {
                if (mirror.link().pool() == batch.target) {
                    List<PageTranslation> pages = new ArrayList<>();
                    for (int page = 0; page < Geometry.FAN_OUT; page++) {
                        PageTranslation translation = batch.outcomes[page] == PageOutcome.MOVED
                                ? space.deviceFaults().resident(mirror, batch.address(page)) : null;
                        if (translation != null) {
                            pages.add(translation);
                        }
                    }
                    if (!pages.isEmpty()) {
                        arrived.add(new Translated(mirror, new Translations(mirror.sequence(), pages)));
                    }
                }
            }
        }
    }

    /** A batch with what a space maps of the wanted pages of one leaf. */
    static Batch of(Space space, long from, long to, FramePool target) {
        Batch batch = new Batch(space.lineage(), from, target, true, false);
        for (long address = from; address < to; address += Geometry.PAGE_BYTES) {
            long entry = space.entry(address);
            if (Entry.isPresent(entry)) {
                batch.sources[Geometry.pageIndex(address)] = Entry.offset(entry);
            }
        }
        return batch;
    }
}
