package io.quire.memory.space;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.tier.AccessBit;
import io.quire.memory.tier.EvictionQueues;
import io.quire.memory.table.Geometry;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Moves pages from devices to the host to make room: which ones, the queues of the device say. Never waits for a pin.
 * Any thread that holds no lock of a space.
 */
public final class Evictor {

    /** Chosen and moved together. */
    private static final int BATCH = 64;

    /** How many victims are tried for each page that is to go, when pins and races are in the way. */
    private static final int TRIES_PER_PAGE = 4;

    private static final long CLOSE_NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int HOLDERS_NAMED = 8;

    private static final System.Logger LOGGER = System.getLogger(Evictor.class.getName());

    private final Machine machine;
    private final @Nullable Promoter promoter;

    Evictor(Machine machine) {
        this.machine = machine;
        this.promoter = machine.policies().promotion() ? new Promoter(machine) : null;
    }

    private record Stretch(Lineage lineage, long leafStart) {
    }

    /** Which pages are not to be evicted, whatever the queues say. */
    @FunctionalInterface
    interface Spared {
        Spared NONE = (_, _) -> false;

        boolean contains(Lineage lineage, long page);
    }

    /**
     * Evicts pages of a device, and waits for devices that use them. Destroys dropped trees first, so that what they had
     * alone is free.
     *
     * @param pages how many
     * @return how many were tried, by what became of each at last
     * @throws io.quire.memory.contract.DeviceClosedException if the device is closed
     */
    public Map<PageOutcome, Integer> evict(DriverLink link, int pages) {
        machine.reclaimer().reclaimAll();
        link.eviction().lock();
        try {
            link.checkOpen();
            // At least once each page that is there: those that cannot go may all come first.
            long tries = Math.max((long) pages * TRIES_PER_PAGE, link.pool().frames());
            return evict(link, pages, tries, true, Spared.NONE).counts();
        } finally {
            link.eviction().unlock();
        }
    }

    /**
     * Sees to it that some frames of a device are free, if that takes the eviction of a batch at most.
     *
     * @param spared what is not evicted for it
     * @return whether there are, or some were evicted; else nothing is there that can go
     */
    boolean makeRoom(DriverLink link, int frames, Spared spared) {
        if (link.pool().hasFree(frames)) {
            return true;
        }
        machine.reclaimer().reclaimAll();
        int wanted = Math.clamp(frames - link.pool().free(), 0, BATCH);
        if (wanted == 0) {
            return true;
        }
        link.eviction().lock();
        try {
            long tries = Math.max((long) wanted * TRIES_PER_PAGE, link.pool().frames());
            return evict(link, wanted, tries, false, spared).moved() > 0;
        } finally {
            link.eviction().unlock();
        }
    }

    /** The same for an agent, which does not wait for devices and comes back anyway. */
    private int evictSome(DriverLink link, int pages) {
        link.eviction().lock();
        try {
            return evict(link, pages, (long) pages * TRIES_PER_PAGE, false, Spared.NONE).moved();
        } finally {
            link.eviction().unlock();
        }
    }

    private EvictionTally evict(DriverLink link, int pages, long tries, boolean mayBlock, Spared spared) {
        EvictionTally tally = new EvictionTally();
        int[] victims = new int[BATCH];
        long triesLeft = tries;
        int left = pages;
        while (left > 0 && triesLeft > 0 && !tally.isHostFull()) {
            Arrays.fill(victims, EvictionQueues.NONE);
            try {
                int chosen = choose(link, victims, (int) Math.min(Math.min(left, triesLeft), BATCH));
                if (chosen == 0) {
                    break;
                }
                triesLeft -= chosen;
                left -= move(link, victims, mayBlock, spared, tally);
            } finally {
                giveBack(link, victims); // those that a driver has failed on, and those after them
            }
        }
        return tally;
    }

    /** Evicts from a device as the watermarks say, a batch; for an agent or whoever stands in for it. How many went. */
    int work(DriverLink link) {
        int wanted = link.toEvict();
        return wanted > 0 ? evictSome(link, Math.min(wanted, BATCH)) : 0;
    }

    /** Brings some pages back to their devices, if that is wanted; for the same. How many. */
    int promote() {
        return promoter == null ? 0 : promoter.work();
    }

    /** Notes each victim as soon as it is chosen, so that it is given back whatever happens; how many there are. */
    private int choose(DriverLink link, int[] victims, int count) {
        AccessBit bit = frame -> testAndClearAccessed(link, frame);
        for (int chosen = 0; chosen < count; chosen++) {
            victims[chosen] = nextVictim(link, bit);
            if (victims[chosen] == EvictionQueues.NONE) {
                return chosen;
            }
        }
        return count;
    }

    private static int nextVictim(DriverLink link, AccessBit bit) {
        int victim = link.queues().nextVictim(bit);
        // Everything may be in use, and yet some has to go.
        return victim != EvictionQueues.NONE ? victim : link.queues().nextVictim(AccessBit.IGNORED);
    }

    /** What was not evicted may be chosen again; does nothing for what was. */
    private static void giveBack(DriverLink link, int[] victims) {
        for (int victim : victims) {
            if (victim != EvictionQueues.NONE) {
                link.queues().skipped(victim);
            }
        }
    }

    /** Moves some frames' pages to the host; how many went. */
    private int move(DriverLink link, int[] victims, boolean mayBlock, Spared spared, EvictionTally tally) {
        int before = tally.moved();
        for (Batch batch : batches(link, victims, mayBlock, spared)) {
            try {
                machine.migration().move(batch);
            } finally {
                note(link, batch, tally);
            }
        }
        return tally.moved() - before;
    }

    private void note(DriverLink link, Batch batch, EvictionTally tally) {
        for (long rest = batch.wanted(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            PageOutcome outcome = Objects.requireNonNullElse(batch.outcome(page), PageOutcome.RACED);
            tally.add(link.pool().frame(batch.sources[page]), outcome);
            if (outcome == PageOutcome.MOVED) {
                machine.events().evicted();
                watch(link, batch, page);
            }
        }
    }

    private void watch(DriverLink link, Batch batch, int page) {
        if (promoter != null && !link.isClosing()) {
            promoter.evicted(link, batch.lineage, batch.address(page));
        }
    }

    private Iterable<Batch> batches(DriverLink link, int[] frames, boolean mayBlock, Spared spared) {
        Map<Stretch, Batch> batches = new LinkedHashMap<>();
        for (int frame : frames) {
            Lineage lineage = frame == EvictionQueues.NONE ? null : link.lineageOf(frame);
            if (lineage == null) {
                continue; // freed meanwhile
            }
            long address = link.addressOf(frame);
            if (spared.contains(lineage, address)) {
                continue;
            }
            Batch batch = batches.computeIfAbsent(new Stretch(lineage, address & -Geometry.LEAF_BYTES), stretch ->
                    new Batch(lineage, stretch.leafStart(), machine.pools().host(), mayBlock, true));
            int page = Geometry.pageIndex(address);
            // Else forks went apart, and have frames of their own at one address; the next time, then.
            if (!batch.wants(page)) {
                batch.want(page, link.pool().offset(frame));
            }
        }
        return batches.values();
    }

    /** Whether the processor or the device has used a page since this was asked last. */
    private boolean testAndClearAccessed(DriverLink link, int frame) {
        Lineage lineage = link.lineageOf(frame);
        if (lineage == null) {
            return false;
        }
        long address = link.addressOf(frame);
        boolean accessed = Mappers.testAndClearAccessed(lineage, address);
        for (Mirror mirror : link.mirrors()) {
            if (mirror.space().lineage() == lineage) {
                accessed |= mirror.testAndClearAccessed(address);
            }
        }
        return accessed;
    }

    // ---- the end of a device

    /**
     * Moves everything from a device to the host and closes it.
     *
     * @param timeout how long pins are waited for
     * @throws PagesBusyException if pages are still pinned then; the device stays open
     */
    public void close(DriverLink link, Duration timeout) {
        link.eviction().lock();
        try {
            link.checkOpen();
            link.setClosing(true);
            boolean empty = false;
            try {
                emptyOrGiveUp(link, timeout);
                empty = true;
            } finally {
                link.setClosing(empty);
            }
            link.closeDriver();
        } finally {
            link.eviction().unlock();
        }
    }

    /** A driver that fails now is cut off, or neither the device nor a space that uses it could ever be closed. */
    private void emptyOrGiveUp(DriverLink link, Duration timeout) {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        if (!link.calls().isLost()) {
            try {
                drain(link, deadlineNanos, timeout);
                detachAll(link);
                return;
            } catch (DriverFailedException failed) {
                LOGGER.log(System.Logger.Level.WARNING, "the driver of device " + link.name()
                        + " failed while it was closed; it is cut off", failed);
                link.calls().giveUp();
            }
        }
        detachAll(link);
        drain(link, deadlineNanos, timeout);
    }

    private static void detachAll(DriverLink link) {
        List.copyOf(link.mirrors()).forEach(Mirror::detach);
    }

    private void drain(DriverLink link, long deadlineNanos, Duration timeout) {
        while (true) {
            machine.reclaimer().reclaimAll();
            int[] used = usedFrames(link);
            if (used.length == 0 && isAllGivenBack(link)) {
                return;
            }
            EvictionTally tally = new EvictionTally();
            int moved = move(link, used, true, Spared.NONE, tally);
            if (tally.isHostFull()) {
                throw new PagesBusyException("the host has no room for the pages of a device: device=" + link.name()
                        + ", pages=" + used.length + "; discard or unmap memory, then close it again");
            }
            if (moved == 0) {
                if (System.nanoTime() - deadlineNanos >= 0) {
                    throw new PagesBusyException("pages of a device are still pinned: device=" + link.name()
                            + ", pages=" + usedFrames(link).length + ", waited=" + timeout.toMillis()
                            + " ms, held by\n  "
                            + String.join("\n  ", holders(link, used)));
                }
                LockSupport.parkNanos(CLOSE_NAP_NANOS);
            }
        }
    }

    /** Whether the driver was told of every frame that went out of use; of a lost one nothing is asked. */
    private static boolean isAllGivenBack(DriverLink link) {
        return link.calls().isLost() || link.pool().free() == link.pool().frames();
    }

    private static int[] usedFrames(DriverLink link) {
        int[] used = new int[link.pool().frames()];
        int count = 0;
        for (int frame = 0; frame < used.length; frame++) {
            // What a driver was filling when it was lost is mapped by nobody, and never comes back.
            boolean abandoned = link.calls().isLost() && link.lineageOf(frame) == null;
            if (link.pool().isUsed(frame) && !abandoned) {
                used[count++] = frame;
            }
        }
        return Arrays.copyOf(used, count);
    }

    /** Who pins the frames that are left, of spaces open and closed. */
    private Set<String> holders(DriverLink link, int[] used) {
        Set<String> holders = new TreeSet<>();
        for (Pinned pinned : machine.openPins()) {
            for (int i = 0; i < pinned.pages() && holders.size() < HOLDERS_NAMED; i++) {
                if (link.pool().contains(pinned.frame(i)) && link.pool().isUsed(link.pool().frame(pinned.frame(i)))) {
                    holders.add(pinned.toString());
                }
            }
        }
        return holders.isEmpty() ? Set.of(used.length + " frames nobody is known to hold") : holders;
    }
}
