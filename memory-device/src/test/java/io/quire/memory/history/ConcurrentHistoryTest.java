package io.quire.memory.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryPool;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.softdevice.FaultInjection.Phase;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Several threads share a space, and each uses its own pages by processor, devices and pins. Meanwhile the space is
 * forked and pages are evicted all the time. Each thread checks its pages throughout; everything else is checked at the
 * end.
 */
@ExtendWith(Seed.class)
class ConcurrentHistoryTest {

    private static final int PAGE = TieredManager.PAGE;
    private static final int WORKERS = 3;
    private static final int PAGES = 24;
    private static final Duration DURATION = Duration.ofMillis(600L * Integer.getInteger("memory.history", 1));

    @RepeatedTest(4)
    void threadsOnPagesOfTheirOwnDoNotDisturbEachOther(SplittableRandom random) throws InterruptedException {
        SplittableRandom seeds = random.split();
        CowPlacement placement = random.nextBoolean() ? CowPlacement.HOST : CowPlacement.SAME_POOL;
        boolean promotion = random.nextBoolean();
        try (TieredManager tiers = new TieredManager(builder -> builder.hostPool(8 << 20).cowPlacement(placement)
                .longTermPolicy(LongTermPolicy.MIGRATE).watermarks(20, 40).promotion(promotion),
                TieredManager.device("coherent", PoolKind.DEVICE_COHERENT, 16),
                TieredManager.device("private", PoolKind.DEVICE_PRIVATE, 16),
                TieredManager.javaDevice("java", PoolKind.DEVICE_COHERENT, 6));
                AddressSpace space = tiers.manager().newAddressSpace()) {
            Map<SoftwareDevice, Attachment> attachments = attach(tiers, space);
            // The stripes cross from one leaf into the next, in the middle of a mapping.
            long start = space.map(200L * PAGE) + 52L * PAGE;
            List<StripedWorker> workers = new ArrayList<>();
            List<Threads.Task> tasks = new ArrayList<>();
            for (int worker = 0; worker < WORKERS; worker++) {
                StripedWorker striped = new StripedWorker(tiers, space, attachments, stripe(start, worker),
                        seeds.split());
                workers.add(striped);
                tasks.add(striped::work);
            }
            tasks.add(running -> forkAgainAndAgain(space, start, running));
            tasks.add(running -> evictAgainAndAgain(tiers, seeds.split(), running));
            Threads.race(DURATION, tasks.toArray(Threads.Task[]::new));
            tiers.devices().forEach(device -> device.faults().clear());
            attachments.forEach((device, attached) -> tiers.checkTable(device, attached, space));
            workers.forEach(StripedWorker::check);
            tiers.checkDevices();
            tiers.checkBalance();
        }
    }

    private static long[] stripe(long start, int worker) {
        long[] pages = new long[PAGES / WORKERS];
        for (int i = 0; i < pages.length; i++) {
            pages[i] = start + (long) (i * WORKERS + worker) * PAGE;
        }
        return pages;
    }

    private static Map<SoftwareDevice, Attachment> attach(TieredManager tiers, AddressSpace space) {
        Map<SoftwareDevice, Attachment> attachments = new HashMap<>();
        tiers.devices().forEach(device -> attachments.put(device, tiers.device(device).attach(space)));
        return attachments;
    }

    /** Checks that the content of a fork does not change, and that no other space sees what the fork writes. */
    private static void forkAgainAndAgain(AddressSpace space, long start, BooleanSupplier running) {
        while (running.getAsBoolean()) {
            try (AddressSpace fork = space.fork(); AddressSpace snapshot = fork.snapshot()) {
                for (int i = 0; i < PAGES; i += 5) {
                    long page = start + (long) i * PAGE;
                    if (fork.pageState(page).place() != PageState.Place.INACCESSIBLE) {
                        long seen = fork.getLong(page);
                        fork.setLong(page, ~seen);
                        assertThat(snapshot.getLong(page)).isEqualTo(seen);
                        assertThat(fork.getLong(page)).isEqualTo(~seen);
                    }
                }
            } catch (ProtectionException readOnly) {
                Thread.onSpinWait(); // the fork was taken while a worker had the page protected
            }
        }
    }

    private static void evictAgainAndAgain(TieredManager tiers, SplittableRandom random, BooleanSupplier running) {
        while (running.getAsBoolean()) {
            SoftwareDevice device = tiers.devices().get(random.nextInt(tiers.devices().size()));
            MemoryPool pool = tiers.pool(device);
            switch (random.nextInt(8)) {
                case 0 -> device.faults().delay(Phase.COPY, Duration.ofNanos(random.nextInt(200_000)));
                case 1 -> device.faults().delay(Phase.ACCESS, Duration.ofNanos(random.nextInt(50_000)));
                case 2 -> device.faults().failAllocation(random.nextInt(4));
                case 3 -> device.faults().refuseNonBlocking(random.nextBoolean());
                case 4 -> device.faults().clear();
                case 5 -> tiers.manager().evict(pool, 1 + random.nextInt(8));
                default -> tiers.manager().maintain();
            }
        }
    }
}
