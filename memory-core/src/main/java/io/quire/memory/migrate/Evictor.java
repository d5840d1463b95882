package io.quire.memory.migrate;

import io.quire.memory.attach.Mirror;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.lineage.Lineage;
import io.quire.memory.lineage.ReverseMap;
import io.quire.memory.lineage.TieredMemory;
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

    private final TieredMemory memory;
    private final Migration migration;
    private final @Nullable Promoter promoter;

    /**
     * For the devices of one manager.
     *
     * @param promotes whether evicted pages that are used again return to their device
     */
    public Evictor(TieredMemory memory, Migration migration, boolean promotes) {
        this.memory = memory;
        this.migration = migration;
        this.promoter = promotes ? new Promoter(migration) : null;
    }

    Migration migration() {
        return migration;
    }

    TieredMemory memory() {
        return memory;
    }

    private record Stretch(Lineage lineage, long leafStart) {
    }

    /** Which pages are not to be evicted, whatever the queues say. */
    @FunctionalInterface
    public interface Spared {
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
    public Map<PageOutcome, Integer> evict(DeviceTier tier, int pages) {
        // STEP(evict 1)
        memory.reclaimer().reclaimAll();
        tier.eviction().lock();
        try {
            tier.device().checkOpen();
            // Those that cannot go may all come first, and forks that went apart are tried one after the other.
            long tries = (long) tier.pool().frames() * TRIES_PER_PAGE;
            return evict(tier, pages, tries, true, Spared.NONE).counts();
        } finally {
            tier.eviction().unlock();
        }
    }

    /**
     * Sees to it that some frames of a device are free, if that takes the eviction of a batch at most.
     *
     * @param spared what is not evicted for it
     * @return whether there are, or some were evicted; else nothing is there that can go
     */
    boolean makeRoom(DeviceTier tier, int frames, Spared spared) {
        if (tier.pool().hasFree(frames)) {
            return true;
        }
        memory.reclaimer().reclaimAll();
        int wanted = Math.clamp(frames - tier.pool().free(), 0, BATCH);
        if (wanted == 0) {
            return true;
        }
        tier.eviction().lock();
        try {
            return evict(tier, wanted, TRIES_FOR_ROOM, false, spared).moved() > 0;
        } finally {
            tier.eviction().unlock();
        }
    }

    /** The same for an agent, which does not wait for devices and comes back anyway. */
    private int evictSome(DeviceTier tier, int pages) {
        tier.eviction().lock();
        try {
            return evict(tier, pages, (long) pages * TRIES_PER_PAGE, false, Spared.NONE).moved();
        } finally {
            tier.eviction().unlock();
        }
    }

    /**
     * Tries each page once. Those that cannot go are kept out of the queues until this ends, or they would be offered
     * again and again before others.
     */
    private EvictionTally evict(DeviceTier tier, int pages, long tries, boolean mayBlock, Spared spared) {
        EvictionTally tally = new EvictionTally();
        IntConsumer giveBack = tier.queues()::skipped; // bound before: on a full stack that may fail
        try {
            evict(tier, pages, tries, mayBlock, spared, tally);
            return tally;
        } finally {
            // STEP(evict 4)
            tally.forEachAside(giveBack);
        }
    }

    private void evict(DeviceTier tier, int pages, long tries, boolean mayBlock, Spared spared, EvictionTally tally) {
        int[] victims = new int[BATCH];
        long triesLeft = tries;
        int left = pages;
        while (left > 0 && triesLeft > 0 && !tally.isHostFull()) {
            Arrays.fill(victims, EvictionQueues.NONE);
            try {
                // STEP(evict 2)
                int chosen = choose(tier, victims, (int) Math.min(Math.min(left, triesLeft), BATCH), tries);
                if (chosen == 0) {
                    break;
                }
                triesLeft -= chosen;
                // STEP(evict 3)
                left -= move(tier, victims, mayBlock, spared, tally);
            } finally {
                giveBackUntried(tier, victims, tally); // and those that a driver has failed on, and those after them
            }
        }
    }

    /** Evicts from a device as the watermarks say, a batch; for an agent or whoever stands in for it. How many went. */
    public int work(DeviceTier tier) {
        int wanted = tier.toEvict();
        return wanted > 0 ? evictSome(tier, Math.min(wanted, BATCH)) : 0;
    }

    /** Brings some pages back to their devices, if that is wanted; for the same. How many. */
    public int promote() {
        return promoter == null ? 0 : promoter.work();
    }

    /** Notes each victim as soon as it is chosen, so that it is given back whatever happens; how many there are. */
    private int choose(DeviceTier tier, int[] victims, int count, long tries) {
        AccessBit bit = frame -> testAndClearAccessed(tier, frame);
        for (int chosen = 0; chosen < count; chosen++) {
            victims[chosen] = nextVictim(tier, bit, tries);
            if (victims[chosen] == EvictionQueues.NONE) {
                return chosen;
            }
        }
        return count;
    }

    private static int nextVictim(DeviceTier tier, AccessBit bit, long tries) {
        int victim = tier.queues().nextVictim(bit);
        // Everything may be in use, and yet some has to go: what was used is passed over a few times all the same.
        for (long looks = 0; victim == EvictionQueues.NONE && looks < ROUNDS * tries;
                looks += EvictionQueues.LOOKS_MAX) {
            victim = tier.queues().nextVictim(AccessBit.IGNORED);
        }
        return victim;
    }

    /** What was not evicted may be chosen again; does nothing for what was. */
    private static void giveBackUntried(DeviceTier tier, int[] victims, EvictionTally tally) {
        for (int victim : victims) {
            if (victim != EvictionQueues.NONE && !tally.isAside(victim)) {
                tier.queues().skipped(victim);
            }
        }
    }

    /** Moves some frames' pages to the host; how many went. */
    public int move(DeviceTier tier, int[] victims, boolean mayBlock, Spared spared, EvictionTally tally) {
        int before = tally.moved();
        for (Batch batch : batches(tier, victims, mayBlock, spared, tally)) {
            try {
                migration.move(batch);
            } finally {
                note(tier, batch, tally);
            }
        }
        return tally.moved() - before;
    }

    private void note(DeviceTier tier, Batch batch, EvictionTally tally) {
        for (long rest = batch.wanted(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            PageOutcome outcome = Objects.requireNonNullElse(batch.outcome(page), PageOutcome.RACED);
            tally.add(tier.pool().frame(batch.sources[page]), outcome);
            if (outcome == PageOutcome.MOVED) {
                memory.events().evicted();
                watch(tier, batch, page);
            }
        }
    }

    private void watch(DeviceTier tier, Batch batch, int page) {
        if (promoter != null && !tier.device().isClosing()) {
            promoter.evicted(tier, batch.lineage, batch.address(page));
        }
    }

    private Iterable<Batch> batches(DeviceTier tier, int[] frames, boolean mayBlock, Spared spared,
            EvictionTally tally) {
        Map<Stretch, Batch> batches = new LinkedHashMap<>();
        for (int frame : frames) {
            Lineage lineage = frame == EvictionQueues.NONE ? null : tier.lineageOf(frame);
            if (lineage == null) {
                continue; // freed meanwhile
            }
            long address = tier.addressOf(frame);
            if (spared.contains(lineage, address)) {
                tally.setAside(frame);
                continue;
            }
            Batch batch = batches.computeIfAbsent(new Stretch(lineage, address & -Geometry.LEAF_BYTES),
                    stretch -> new Batch(lineage, stretch.leafStart(), memory.pools().host(), mayBlock, true));
            int page = Geometry.pageIndex(address);
            // Else forks went apart, and have frames of their own at one address; the next time, then.
            if (!batch.wants(page)) {
                batch.want(page, tier.pool().offset(frame));
            }
        }
        return batches.values();
    }

    /** Whether the processor or the device has used a page since this was asked last. */
    private boolean testAndClearAccessed(DeviceTier tier, int frame) {
        Lineage lineage = tier.lineageOf(frame);
        if (lineage == null) {
            return false;
        }
        long address = tier.addressOf(frame);
        boolean accessed = ReverseMap.testAndClearAccessed(lineage, address);
        for (Mirror mirror : tier.device().mirrors()) {
            if (lineage.contains(mirror.table())) {
                accessed |= mirror.testAndClearAccessed(address);
            }
        }
        return accessed;
    }
}
