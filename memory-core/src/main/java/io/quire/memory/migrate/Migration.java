package io.quire.memory.migrate;

import io.quire.memory.attach.Arrival;
import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.attach.Mirror;
import io.quire.memory.attach.Notifier;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.fault.DeviceFaults;
import io.quire.memory.fault.Homecoming;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.guard.Wait;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.lineage.Lineage;
import io.quire.memory.lineage.MapCount;
import io.quire.memory.lineage.ReverseMap;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.TranslationVersion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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
public final class Migration implements Homecoming {

    /** How often marks are tried to be taken back when there is no memory for it, and how long it waits in between. */
    private static final int ATTEMPTS = 100;
    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    // Made once: what ends something takes no memory.
    private static final Consumer<Notifier.Window> END = Notifier.Window::end;
    private static final Consumer<Notifier.Window> AWAIT_END = Notifier.Window::awaitEnd;
    private static final Consumer<Notifier.Window> CLOSE = Notifier.Window::close;
    @SuppressWarnings("UnnecessaryLambda") // made once, too
    private static final BooleanSupplier NEVER = () -> false;

    private static final ReverseMap.Step MARK = (_, entry) -> Entry.migrating(entry);
    private static final ReverseMap.Step SETTLE = (_, entry) -> Entry.settled(entry);

    private final TieredMemory memory;
    private final FramePools pools;
    private final DeviceFaults deviceFaults;

    /** For the spaces of one manager. */
    public Migration(TieredMemory memory, DeviceFaults deviceFaults) {
        this.memory = memory;
        this.pools = memory.pools();
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
        // STEP(migrate 1)
        batch.lineage.migration().lock();
        try {
            markCopyAndFinish(batch);
        } finally {
            batch.lineage.migration().unlock();
        }
    }

    private void markCopyAndFinish(Batch batch) {
        try {
            mark(batch);
            if (batch.isAnyMoving()) {
                copyAndFinish(batch);
            }
        } finally {
            try {
                takeBack(batch);
            } finally {
                forEach(batch.marking, AWAIT_END);
            }
        }
    }

    private void copyAndFinish(Batch batch) {
        boolean copied = false;
        try {
            copy(batch);
            copied = true;
        } finally {
            finish(batch, copied);
        }
    }

    @Override
    public void bringHome(SpaceState space, long page, @Nullable ManagedDevice device) {
        long entry = space.table().entry(page);
        boolean isWithinReach = !Entry.isPrivate(entry)
                || (device != null && device.pool().contains(Entry.offset(entry)));
        if (!isWithinReach) {
            bringToHost(space, page);
        } else if (Entry.isMigrating(entry)) { // it was on its way home, for somebody else
            space.lineage().awaitMigration();
        }
    }

    /**
     * Moves a page from a device to the host. Whoever writes it waits meanwhile, and so this comes to an end.
     *
     * @throws PagesBusyException if it is pinned there
     * @throws OutOfFramesException if the host has no frame for it
     */
    public void bringToHost(SpaceState space, long page) {
        int index = Geometry.pageIndex(page);
        PageOutcome outcome;
        do {
            Batch batch = new Batch(space, page, pools.host());
            move(batch);
            outcome = batch.outcome(index);
        } while (outcome == PageOutcome.RACED); // it was unmapped, or is another page now
        switch (outcome) {
            case MOVED -> memory.events().broughtHome();
            case NO_FREE_FRAME -> throw memory.shortage(space);
            case PINNED ->
                throw new PagesBusyException("a pinned page cannot move to the host: space=" + space.table().name()
                        + ", address=0x" + Long.toHexString(page) + ", held by " + space.pins().holderOf(page)
                        + "; close the pin first");
            case null, default -> {} // it is there, or nowhere: the caller looks again
        }
    }

    // ---- mark

    private void mark(Batch batch) {
        List<SpaceState> locked = batch.lineage.lock();
        try {
            locked.forEach(space -> space.pins().endIdleViews());
            ReverseMap map = ReverseMap.find(locked, batch.leafStart);
            lookUpHomecomer(batch);
            choose(batch, map, sight(batch, map));
            if (batch.isAnyMoving()) {
                markChosen(batch, map);
            }
        } finally {
            Lineage.unlock(locked);
        }
    }

    /** Which frame a page is in that comes home; none if there is no such page any more. */
    private static void lookUpHomecomer(Batch batch) {
        if (batch.home() != null) {
            int page = LeafPages.first(batch.wanted());
            long entry = batch.home().table().entry(batch.address(page));
            batch.sources[page] = Entry.isPresent(entry) ? Entry.offset(entry) : Batch.NONE;
        }
    }

    private MapCount sight(Batch batch, ReverseMap map) {
        MapCount seen = map.look(batch.wanted(), batch.sources);
        if (!batch.dissolves || seen.exclusive() == LeafPages.NONE) {
            return seen;
        }
        for (long rest = seen.exclusive(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            long address = batch.address(LeafPages.first(rest));
            for (SpaceState space : map.spaces()) {
                if (space.exclusives().ownerOf(address) != null) {
                    space.exclusives().dissolve(address);
                }
            }
        }
        return map.look(batch.wanted(), batch.sources);
    }

    /** Decides which pages are to move, and takes frames for them. */
    private void choose(Batch batch, ReverseMap map, MapCount seen) {
        long kept = keptInPlace(batch, map);
        long chosen = LeafPages.NONE;
        FramePool pool = batch.target;
        for (long rest = batch.wanted(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            if (batch.sources[page] == Batch.NONE) {
                batch.settle(page, PageOutcome.EMPTY);
                continue;
            }
            pool = poolOf(batch.sources[page], pool);
            PageOutcome obstacle = obstacle(batch, page, pool, seen, kept);
            if (obstacle == null) {
                chosen |= LeafPages.of(page);
            } else {
                batch.settle(page, obstacle);
            }
        }
        if (chosen != LeafPages.NONE) {
            takeFrames(batch, chosen);
        }
    }

    /** What keeps a page where it is; null if nothing does. */
    private static @Nullable PageOutcome obstacle(Batch batch, int page, FramePool from, MapCount seen, long kept) {
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
        return isReadByCursor(page, from, kept) || from.holds(batch.sources[page]) > 0 ? PageOutcome.PINNED : null;
    }

    private static long keptInPlace(Batch batch, ReverseMap map) {
        long kept = LeafPages.NONE;
        for (int i = 0; i < map.spaces().size(); i++) {
            kept |= map.spaces().get(i).table().kept().pagesOf(batch.leafStart);
        }
        return kept;
    }

    /** Whether a cursor may be reading the frame; one that the processor cannot reach it has not handed out. */
    private static boolean isReadByCursor(int page, FramePool from, long kept) {
        return LeafPages.contains(kept, page) && from.kind() != PoolKind.DEVICE_PRIVATE;
    }

    /** The pool of a frame, which is most often that of the frame before it. */
    private FramePool poolOf(long frame, FramePool likely) {
        return likely.contains(frame) ? likely : pools.of(frame);
    }

    private void takeFrames(Batch batch, long chosen) {
        Arrays.fill(batch.targets, FramePool.NONE);
        try {
            if (batch.target.kind() == PoolKind.HOST) {
                memory.tryAllocateFrames(batch.targets, chosen);
            } else {
                batch.target.allocate(batch.targets, chosen);
            }
        } catch (Throwable failed) {
            giveBackTargets(batch);
            throw failed;
        }
        for (long rest = chosen; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            if (batch.targets[page] != FramePool.NONE) {
                batch.begin(page);
            } else {
                batch.settle(page, PageOutcome.NO_FREE_FRAME);
            }
        }
    }

    private static void giveBackTargets(Batch batch) {
        for (long target : batch.targets) {
            if (target != FramePool.NONE) {
                batch.target.release(target);
            }
        }
    }

    /**
     * Marks the pages while the devices stop using them: what both take away has to be gone before the copy, and in
     * which order does not matter, since nobody gets it back while the tables are locked.
     */
    private void markChosen(Batch batch, ReverseMap map) {
        try {
            // STEP(migrate 2)
            announce(batch, map, InvalidationKind.MIGRATE, batch.marking, List.of());
            // STEP(migrate 3)
            hold(batch);
            map.change(batch.moving(), batch.sources, MARK);
            // STEP(migrate 4)
            for (SpaceState space : map.spaces()) {
                space.table().invalidateAndWait(TranslationVersion.leafOf(batch.leafStart));
            }
            leavePinned(batch, map);
            if (!awaitOpen(batch.marking)) {
                leaveAll(batch, map, PageOutcome.DEVICE_BUSY);
            }
            if (batch.home() != null && batch.isAnyMoving()) {
                batch.lineage.beginHomeward(batch.address(LeafPages.first(batch.moving())));
            }
        } catch (Throwable failed) {
            leaveAll(batch, map, PageOutcome.RACED);
            throw failed;
        } finally {
            forEach(batch.marking, END); // the devices hear of it while the pages are copied
        }
    }

    private void hold(Batch batch) {
        FramePool pool = pools.host();
        for (long rest = batch.moving(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            pool = poolOf(batch.sources[page], pool);
            if (pool.hold(batch.sources[page])) {
                batch.setHeld(page, true);
            } else { // pinned by now, as often as can be counted
                batch.settle(page, PageOutcome.PINNED);
                batch.target.release(batch.targets[page]);
            }
        }
    }

    /**
     * Leaves those pages where they are that an accessor has pinned without the lock. It could until it was waited for,
     * and what its holder stores no mark tells of.
     */
    private void leavePinned(Batch batch, ReverseMap map) {
        FramePool pool = pools.host();
        for (long rest = batch.moving(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            pool = poolOf(batch.sources[page], pool);
            if (pool.holds(batch.sources[page]) > 1) { // more than this migration's own
                leave(batch, page, map);
            }
        }
    }

    /** Begins to open windows over the moving pages, in all spaces that have a leaf here. */
    private void announce(Batch batch, ReverseMap map, InvalidationKind kind, List<Notifier.Window> windows,
            List<Notifier.Window> earlier) {
        int first = LeafPages.first(batch.moving());
        long start = batch.address(first);
        long end = batch.address(LeafPages.last(batch.moving())) + Geometry.PAGE_BYTES;
        ManagedDevice owner = deviceOf(batch, first);
        for (SpaceState space : map.spaces()) {
            Notifier.Window window = space.notifier().begin(kind, start, end, owner, batch.mayBlock, earlier);
            if (window != Notifier.Window.NONE) {
                keep(window, windows);
            }
        }
    }

    /** What is begun is in the list, whatever fails. */
    private static void keep(Notifier.Window window, List<Notifier.Window> windows) {
        boolean kept = false;
        try {
            windows.add(window);
            kept = true;
        } finally {
            if (!kept) {
                window.close();
            }
        }
    }

    private static boolean awaitOpen(List<Notifier.Window> windows) {
        boolean granted = true;
        for (Notifier.Window window : windows) {
            granted &= window.awaitOpen();
        }
        return granted;
    }

    /** Does something to every window, whatever one of them throws. */
    private static void forEach(List<Notifier.Window> windows, Consumer<Notifier.Window> step) {
        Throwable failure = null;
        for (int i = 0; i < windows.size(); i++) {
            try {
                step.accept(windows.get(i));
            } catch (RuntimeException | Error failed) {
                failure = failure == null ? failed : failure;
            }
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
    }

    // ---- copy

    // STEP(migrate 5)
    private void copy(Batch batch) {
        long reachable = batch.moving();
        for (DeviceTier tier : memory.tiers()) {
            ManagedDevice link = tier.device();
            long pages = link.isPrivate() ? movedBy(batch, link) : LeafPages.NONE;
            if (pages != LeafPages.NONE) {
                reachable &= ~pages;
                batch.filledBy = link;
                batch.filling = link.calls().beginRun("copy of pages", () -> copyAllPrivate(link, batch, pages));
                batch.filling.await();
            }
        }
        while (reachable != LeafPages.NONE) {
            int first = LeafPages.first(reachable);
            int run = batch.runOf(reachable);
            pools.memory().copy(batch.sources[first], batch.targets[first], (long) run * Geometry.PAGE_BYTES);
            reachable &= ~LeafPages.between(batch.leafStart, batch.address(first), batch.address(first + run));
        }
    }

    /** The device that a page comes from or goes to. */
    private ManagedDevice deviceOf(Batch batch, int page) {
        FramePool device = batch.target.kind() == PoolKind.HOST ? pools.of(batch.sources[page]) : batch.target;
        return memory.device(device);
    }

    /** The pages on their way that come from a device or go to it. */
    private long movedBy(Batch batch, ManagedDevice link) {
        if (batch.target.kind() != PoolKind.HOST) {
            return link.pool() == batch.target ? batch.moving() : LeafPages.NONE;
        }
        return batch.from(link.pool(), batch.moving());
    }

    private void copyAllPrivate(ManagedDevice link, Batch batch, long pages) {
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            link.calls().next();
            copyPrivate(link, batch, LeafPages.first(rest));
        }
    }

    private void copyPrivate(ManagedDevice owner, Batch batch, int page) {
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
        List<Mirror.News> news = new ArrayList<>(0);
        List<Notifier.Window> windows = new ArrayList<>(1);
        List<SpaceState> locked = batch.lineage.lock();
        try {
            batch.lineage.endHomeward();
            ReverseMap map = ReverseMap.find(locked, batch.leafStart);
            try {
                commitOrLeave(batch, map, copied, windows, news);
            } catch (Throwable failed) {
                leaveAll(batch, map, PageOutcome.RACED);
                throw failed;
            } finally {
                forEach(windows, CLOSE);
            }
        } finally {
            Lineage.unlock(locked);
        }
        news.forEach(Mirror.News::await);
    }

    private void commitOrLeave(Batch batch, ReverseMap map, boolean copied, List<Notifier.Window> windows,
            List<Mirror.News> news) {
        MapCount seen = map.look(batch.moving(), batch.sources);
        // STEP(migrate 6)
        leaveLost(batch, map, seen, copied);
        if (!batch.isAnyMoving()) {
            return;
        }
        // STEP(migrate 7)
        announce(batch, map, InvalidationKind.CLEAR, windows, batch.marking);
        if (awaitOpen(windows)) {
            commit(batch, map, seen, windows, news);
        } else {
            leaveAll(batch, map, PageOutcome.DEVICE_BUSY);
        }
    }

    /**
     * Leaves those pages where they are that an Error has kept from being committed or left: there was no memory to lock
     * the lineage, say. Nobody else can, so it is tried again.
     */
    private void takeBack(Batch batch) {
        for (int attempt = 1; batch.isAnyMoving(); attempt++) {
            try {
                leaveMoving(batch);
            } catch (VirtualMachineError again) {
                if (attempt == ATTEMPTS) {
                    throw again;
                }
                Wait.tryUntil(NEVER, NAP_NANOS);
            }
        }
    }

    private void leaveMoving(Batch batch) {
        List<SpaceState> locked = batch.lineage.lock();
        try {
            batch.lineage.endHomeward();
            leaveAll(batch, ReverseMap.find(locked, batch.leafStart), PageOutcome.RACED);
        } finally {
            Lineage.unlock(locked);
        }
    }

    /** Leaves those pages where they are of which somebody else was faster. */
    private void leaveLost(Batch batch, ReverseMap map, MapCount seen, boolean copied) {
        long kept = keptInPlace(batch, map);
        FramePool from = pools.host();
        for (long rest = batch.moving(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            from = poolOf(batch.sources[page], from);
            // The one hold is this migration's own.
            boolean mayCommit = copied && seen.isMarked(page) && !isReadByCursor(page, from, kept)
                    && from.holds(batch.sources[page]) == 1;
            if (!mayCommit) {
                leave(batch, page, map);
            }
        }
    }

    private void leaveAll(Batch batch, ReverseMap map, PageOutcome outcome) {
        for (long rest = batch.moving(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            leave(batch, page, map);
            batch.settle(page, outcome);
        }
    }

    /** The page stays where it is; what was W is W again. */
    private void leave(Batch batch, int page, ReverseMap map) {
        boolean isBeingFilled = isBeingFilled(batch, page);
        boolean isHeld = batch.isHeld(page);
        long frame = batch.sources[page];
        FramePool from = pools.of(frame);
        map.change(LeafPages.of(page), batch.sources, SETTLE);
        batch.settle(page, from.holds(frame) > (isHeld ? 1 : 0)
                || isReadByCursor(page, from, keptInPlace(batch, map)) ? PageOutcome.PINNED : PageOutcome.RACED);
        batch.setHeld(page, false);
        try {
            if (isHeld) {
                from.releaseHold(frame);
            }
        } finally {
            if (!isBeingFilled) {
                batch.target.release(batch.targets[page]);
            }
        }
    }

    /** Whether a driver that did not return may still write to the new frame; then nobody else may have it. */
    private boolean isBeingFilled(Batch batch, int page) {
        return batch.filling != null && batch.filling.mayStillRun() && batch.filledBy == deviceOf(batch, page);
    }

    private void commit(Batch batch, ReverseMap map, MapCount seen, List<Notifier.Window> windows,
            List<Mirror.News> news) {
        long pages = batch.moving();
        boolean toDevice = batch.target.kind() != PoolKind.HOST;
        // Still frozen: who can read the old frame must not miss a write to the new one.
        ReverseMap.Step move = (page, entry) -> Entry.migrating(Entry.moved(entry, batch.targets[page]));
        if (toDevice) {
            memory.tier(batch.target).holds(batch.targets, pages, batch.lineage, batch.leafStart);
            map.clearAccessed(pages); // what a page was before says nothing of what it is there
        }
        // From here to the outcome nothing is allocated.
        // STEP(migrate 8)
        acquireForEach(batch, seen);
        map.change(pages, batch.sources, move);
        // STEP(migrate 9)
        for (int i = 0; i < map.spaces().size(); i++) {
            map.spaces().get(i).table().translations().invalidate(TranslationVersion.leafOf(batch.leafStart));
        }
        // STEP(migrate 10)
        map.change(pages, batch.targets, SETTLE);
        batch.settleMoved();
        try {
            forEach(windows, END);
            tellArrived(batch, map, pages, news); // the device maps them while the old frames are given back
        } finally {
            // STEP(migrate 11)
            releaseSources(batch, pages, seen);
            memory.events().moved(toDevice, LeafPages.count(pages));
        }
    }

    /** A reference to its new frame for each leaf that maps a page. */
    private static void acquireForEach(Batch batch, MapCount seen) {
        for (long rest = batch.moving() & seen.shared(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            for (int more = 1; more < seen.mapped(page); more++) {
                batch.target.acquire(batch.targets[page]);
            }
        }
    }

    /** The references and the hold of each frame that was left; those alike, of one pool, together. */
    private void releaseSources(Batch batch, long pages, MapCount seen) {
        for (long left = pages; left != LeafPages.NONE;) {
            FramePool from = pools.of(batch.sources[LeafPages.first(left)]);
            long alike = seen.alike(batch.from(from, left));
            from.releaseHeld(batch.sources, alike, seen.mapped(LeafPages.first(alike)));
            left &= ~alike;
        }
    }

    // ---- news for the device that the pages went to

    /** Begins to tell the mirrors of the device that pages went to; each after the ends of its windows. */
    private void tellArrived(Batch batch, ReverseMap map, long pages, List<Mirror.News> news) {
        for (SpaceState space : map.spaces()) {
            for (Mirror mirror : space.notifier().mirrors()) {
                if (mirror.device().pool() == batch.target) {
                    Arrival arrival = deviceFaults.arrived(space, mirror, batch.leafStart, pages);
                    if (!arrival.isEmpty()) {
                        news.add(mirror.tellMapped(arrival::translations));
                    }
                }
            }
        }
    }

    /**
     * A batch with what a space maps of the wanted pages of one leaf.
     *
     * @throws io.quire.memory.contract.ClosedException if the space is closed
     */
    static Batch of(SpaceState space, long from, long to, FramePool target) {
        Batch batch = new Batch(space.lineage(), from, target, true, false);
        long[] leaf = space.table().leaf(from);
        space.table().root(); // a space that is closed has no pages, which says nothing of what it had
        if (leaf != null) {
            for (long address = from; address < to; address += Geometry.PAGE_BYTES) {
                int page = Geometry.pageIndex(address);
                long entry = Leaf.entry(leaf, page);
                if (Entry.isPresent(entry)) {
                    batch.want(page, Entry.offset(entry));
                }
            }
        }
        return batch;
    }
}
