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
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Moves pages from devices to the host to make room. The queues of a device say which pages. Never waits for a pin. Any
 * thread that holds no lock of a space.
 */
public final class Evictor {

    /** How many pages are chosen and moved together. */
    private static final int BATCH = 64;

    /** How many victims to try for each wanted page, because pins and races keep some in place. */
    private static final int TRIES_PER_PAGE = 4;

    /** The same for a migration that needs room: enough to get past the pages that it has just brought itself. */
    private static final int TRIES_FOR_ROOM = 4096;

    /** How often the queues may pass over a page that is in use before they offer it all the same. */
    private static final int ROUNDS = 4;

    private final TieredMemory memory;
    private final Migration migration;
    private final @Nullable Promoter promoter;

    /**
     * Creates the evictor of one manager.
     *
     * @param promotes true if evicted pages that are used again return to their device
     */
    public Evictor(TieredMemory memory, Migration migration, boolean promotes) {
        this(memory, migration, promotes ? new Promoter(migration, SystemNanoClock.INSTANCE) : null);
    }

    Evictor(TieredMemory memory, Migration migration, @Nullable Promoter promoter) {
        this.memory = memory;
        this.migration = migration;
        this.promoter = promoter;
    }

    Migration migration() {
        return migration;
    }

    TieredMemory memory() {
        return memory;
    }

    private record Stretch(Lineage lineage, long leafStart) {
    }

    /** The pages that must not be evicted, whatever the queues say. */
    @FunctionalInterface
    public interface Spared {
        Spared NONE = (_, _) -> false;

        boolean contains(Lineage lineage, long page);
    }

    /**
     * Evicts pages of a device, and waits for devices that use them. Destroys dropped trees first, which frees the
     * frames that only they had.
     *
     * @param pages how many pages to evict
     * @return how many pages were tried, by outcome
     * @throws io.quire.memory.contract.DeviceClosedException if the device is closed
     */
    public Map<PageOutcome, Integer> evict(DeviceTier tier, int pages) {
        // STEP(evict 1)
        memory.reclaimer().reclaimAll();
        tier.eviction().lock();
        try {
            tier.device().checkOpen();
            // The pages that cannot go may all come first, and of forks that went apart only one is tried at a time.
            long tries = (long) tier.pool().frames() * TRIES_PER_PAGE;
            return evict(tier, pages, tries, true, Spared.NONE).counts();
        } finally {
            tier.eviction().unlock();
        }
    }

    /**
     * Makes sure that some frames of a device are free. Evicts one batch at most.
     *
     * @param spared the pages that must not be evicted for it
     * @return true if enough frames are free, or some pages were evicted; false if no page can go
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

    /** Evicts pages for an agent, which does not wait for devices because it comes back anyway. */
    private int evictSome(DeviceTier tier, int pages) {
        tier.eviction().lock();
        try {
            return evict(tier, pages, (long) pages * TRIES_PER_PAGE, false, Spared.NONE).moved();
        } finally {
            tier.eviction().unlock();
        }
    }

    /**
     * Tries each page once. Pages that cannot go are kept out of the queues until this ends; otherwise the queues would
     * offer them again and again.
     */
    private EvictionTally evict(DeviceTier tier, int pages, long tries, boolean mayBlock, Spared spared) {
        EvictionTally tally = new EvictionTally();
        IntConsumer giveBack = tier.queues()::skipped; // bound in advance: with a full stack that may fail
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
                giveBackUntried(tier, victims, tally); // also those for which a driver has failed, and those after them
            }
        }
    }

    /** Evicts a batch if the watermarks ask for it, for an agent or its substitute. Returns how many pages went. */
    public int work(DeviceTier tier) {
        int wanted = tier.toEvict();
        return wanted > 0 ? evictSome(tier, Math.min(wanted, BATCH)) : 0;
    }

    /** Brings some pages back to their devices, if promotion is on. Returns how many. */
    public int promote() {
        return promoter == null ? 0 : promoter.work();
    }

    /** Notes each victim as soon as it is chosen, so that it is given back whatever happens. Returns how many. */
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
        // If everything is in use, some pages have to go all the same, after a few rounds.
        for (long looks = 0; victim == EvictionQueues.NONE && looks < ROUNDS * tries;
                looks += EvictionQueues.LOOKS_MAX) {
            victim = tier.queues().nextVictim(AccessBit.IGNORED);
        }
        return victim;
    }

    /** Gives the victims that were not tried back to the queues. Those that are gone are not affected. */
    private static void giveBackUntried(DeviceTier tier, int[] victims, EvictionTally tally) {
        for (int victim : victims) {
            if (victim != EvictionQueues.NONE && !tally.isAside(victim)) {
                tier.queues().skipped(victim);
            }
        }
    }

    /** Moves the pages of some frames to the host. Returns how many went. */
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
            // Forks that went apart have two frames for one address: the second one goes another time.
            if (!batch.wants(page)) {
                batch.want(page, tier.pool().offset(frame));
            }
        }
        return batches.values();
    }

    /** True if the processor or the device has used a page since the last call. */
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
