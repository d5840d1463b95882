package io.quire.memory.space;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.LeafPages;
import io.quire.memory.tier.AccessBit;
import io.quire.memory.tier.EvictionQueues;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;
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

    /** The same for a migration that needs room: not long, and yet past the pages that it has just brought itself. */
    private static final int TRIES_FOR_ROOM = 4096;

    /** How often the queues may pass over a page before they offer it, however much it was used. */
    private static final int ROUNDS = 4;

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
            // Those that cannot go may all come first, and forks that went apart are tried one after the other.
            long tries = (long) link.pool().frames() * TRIES_PER_PAGE;
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
            return evict(link, wanted, TRIES_FOR_ROOM, false, spared).moved() > 0;
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

    /**
     * Tries each page once. Those that cannot go are kept out of the queues until this ends, or they would be offered
     * again and again before others.
     */
    private EvictionTally evict(DriverLink link, int pages, long tries, boolean mayBlock, Spared spared) {
        EvictionTally tally = new EvictionTally();
        IntConsumer giveBack = link.queues()::skipped; // bound before: on a full stack that may fail
        try {
            evict(link, pages, tries, mayBlock, spared, tally);
            return tally;
        } finally {
            tally.forEachAside(giveBack);
        }
    }

    private void evict(DriverLink link, int pages, long tries, boolean mayBlock, Spared spared, EvictionTally tally) {
        int[] victims = new int[BATCH];
        long triesLeft = tries;
        int left = pages;
        while (left > 0 && triesLeft > 0 && !tally.isHostFull()) {
            Arrays.fill(victims, EvictionQueues.NONE);
            try {
                int chosen = choose(link, victims, (int) Math.min(Math.min(left, triesLeft), BATCH), tries);
                if (chosen == 0) {
                    break;
                }
                triesLeft -= chosen;
                left -= move(link, victims, mayBlock, spared, tally);
            } finally {
                giveBackUntried(link, victims, tally); // and those that a driver has failed on, and those after them
            }
        }
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
    private int choose(DriverLink link, int[] victims, int count, long tries) {
        AccessBit bit = frame -> testAndClearAccessed(link, frame);
        for (int chosen = 0; chosen < count; chosen++) {
            victims[chosen] = nextVictim(link, bit, tries);
            if (victims[chosen] == EvictionQueues.NONE) {
                return chosen;
            }
        }
        return count;
    }

    private static int nextVictim(DriverLink link, AccessBit bit, long tries) {
        int victim = link.queues().nextVictim(bit);
        // Everything may be in use, and yet some has to go: what was used is passed over a few times all the same.
        for (long looks = 0; victim == EvictionQueues.NONE && looks < ROUNDS * tries;
                looks += EvictionQueues.LOOKS_MAX) {
            victim = link.queues().nextVictim(AccessBit.IGNORED);
        }
        return victim;
    }

    /** What was not evicted may be chosen again; does nothing for what was. */
    private static void giveBackUntried(DriverLink link, int[] victims, EvictionTally tally) {
        for (int victim : victims) {
            if (victim != EvictionQueues.NONE && !tally.isAside(victim)) {
                link.queues().skipped(victim);
            }
        }
    }

    /** Moves some frames' pages to the host; how many went. */
    int move(DriverLink link, int[] victims, boolean mayBlock, Spared spared, EvictionTally tally) {
        int before = tally.moved();
        for (Batch batch : batches(link, victims, mayBlock, spared, tally)) {
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

    private Iterable<Batch> batches(DriverLink link, int[] frames, boolean mayBlock, Spared spared,
            EvictionTally tally) {
        Map<Stretch, Batch> batches = new LinkedHashMap<>();
        for (int frame : frames) {
            Lineage lineage = frame == EvictionQueues.NONE ? null : link.lineageOf(frame);
            if (lineage == null) {
                continue; // freed meanwhile
            }
            long address = link.addressOf(frame);
            if (spared.contains(lineage, address)) {
                tally.setAside(frame);
                continue;
            }
            Batch batch = batches.computeIfAbsent(new Stretch(lineage, address & -Geometry.LEAF_BYTES),
                    stretch -> new Batch(lineage, stretch.leafStart(), machine.pools().host(), mayBlock, true));
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
}
