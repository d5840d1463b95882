package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pages are evicted to make room on a device. */
@Tag("portable")
class EvictionTest {

    private static final long PAGE = 4096;
    private static final int FRAMES = 100;
    private static final int HOST_FRAMES = 512;
    private static final int LOW = 20;
    private static final int HIGH = 40;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(HOST_FRAMES * PAGE)
            .deviceCoherentPool("tier", FRAMES * PAGE).watermarks(LOW, HIGH).backgroundAgent(false)
            .leakTracking(true));

    private MemoryPool tier() {
        return leaks.manager().pool("tier");
    }

    private int freeFrames() {
        return (int) (tier().freeBytes() / PAGE);
    }

    private static long filled(AddressSpace space, int pages) {
        long address = space.map(pages * PAGE);
        for (int i = 0; i < pages; i++) {
            space.setLong(address + i * PAGE, i + 1L);
        }
        return address;
    }

    private static void expect(AddressSpace space, long address, int pages) {
        for (int i = 0; i < pages; i++) {
            assertThat(space.getLong(address + i * PAGE)).isEqualTo(i + 1L);
        }
    }

    private static int onTier(AddressSpace space, long address, int pages) {
        int count = 0;
        for (int i = 0; i < pages; i++) {
            count += space.pageState(address + i * PAGE).place() == PageState.Place.DEVICE_COHERENT ? 1 : 0;
        }
        return count;
    }

    @Test
    void maintenanceEvictsFromTheLowWatermarkToTheHighOne() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = filled(space, FRAMES);
            space.migrate(address, 80 * PAGE, tier());
            assertThat(freeFrames()).isEqualTo(20);
            assertThat(leaks.manager().maintain()).as("not below the low watermark").isZero();
            space.migrate(address + 80 * PAGE, PAGE, tier());
            assertThat(freeFrames()).isLessThan(LOW);
            while (leaks.manager().maintain() > 0) {
                // each turn evicts a batch
            }
            assertThat(freeFrames()).isBetween(HIGH, HIGH + 1);
            assertThat(leaks.manager().statistics().tier().pagesEvicted()).isEqualTo(freeFrames() - 19L);
            expect(space, address, FRAMES);
        }
    }

    @Test
    void usedPagesStayAndUnusedPagesAreEvicted() {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long address = filled(space, 60);
            space.migrate(address, 60 * PAGE, tier());
            List<Long> used = List.of(0L, 7L, 13L, 31L, 59L);
            for (int round = 0; round < 9; round++) {
                for (int twice = 0; twice < 2; twice++) {
                    for (long page : used) {
                        assertThat(accessor.getLong(address + page * PAGE)).isEqualTo(page + 1);
                    }
                }
                assertThat(leaks.manager().evict(tier(), 5).moved()).isEqualTo(5);
            }
            for (long page : used) {
                assertThat(space.pageState(address + page * PAGE).place()).as("page %d", page)
                        .isEqualTo(PageState.Place.DEVICE_COHERENT);
            }
            expect(space, address, 60);
        }
    }

    @Test
    void evictionNeverWaitsForPinsAndMovesTheOtherPages() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = filled(space, 20);
            space.migrate(address, 20 * PAGE, tier());
            List<Pin> pins = new ArrayList<>();
            for (int i = 0; i < 20; i += 2) {
                pins.add(space.pin(address + i * PAGE, PAGE, PinTerm.SHORT, PinAccess.WRITE));
            }
            long start = System.nanoTime();
            EvictionReport report = leaks.manager().evict(tier(), 20);
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(5));
            assertThat(report.wanted()).isEqualTo(20);
            assertThat(report.pool().name()).isEqualTo("tier");
            assertThat(report.isComplete()).isFalse();
            assertThat(report).hasToString("EvictionReport[from tier, wanted=20, pages=20, {MOVED=10, PINNED=10}]");
            assertThat(report.moved()).isEqualTo(10).isEqualTo(report.count(PageOutcome.MOVED));
            assertThat(report.count(PageOutcome.PINNED)).isPositive();
            assertThat(report.outcomes()).contains(PageOutcome.MOVED, PageOutcome.PINNED)
                    .allMatch(outcome -> report.count(outcome) > 0);
            assertThat(onTier(space, address, 20)).isEqualTo(10);
            pins.forEach(Pin::close);
            assertThat(leaks.manager().evict(tier(), 20).moved()).as("all pages can be evicted later").isEqualTo(10);
            expect(space, address, 20);
        }
    }

    @Test
    void fullHostStopsAnEvictionThatCanGoOnLater() {
        try (AddressSpace space = leaks.manager().newAddressSpace();
                AddressSpace hog = leaks.manager().newAddressSpace()) {
            long address = filled(space, 30);
            space.migrate(address, 30 * PAGE, tier());
            long hogged = hog.map(HOST_FRAMES * PAGE);
            int left = 7;
            for (int i = 0; leaks.manager().hostPool().freeBytes() > left * PAGE; i++) {
                hog.setLong(hogged + i * PAGE, 1);
            }
            EvictionReport report = leaks.manager().evict(tier(), 30);
            assertThat(report.moved()).isEqualTo(left);
            assertThat(report.count(PageOutcome.NO_FREE_FRAME)).isPositive();
            expect(space, address, 30);
            hog.discard(hogged, HOST_FRAMES * PAGE);
            assertThat(leaks.manager().evict(tier(), 30).moved()).isEqualTo(30 - left);
            expect(space, address, 30);
        }
    }

    @Test
    void migrationToAFullDeviceMakesRoomForAtMostABatch() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = filled(space, 3 * FRAMES);
            assertThat(space.migrate(address, FRAMES * PAGE, tier()).moved()).isEqualTo(FRAMES);
            assertThat(freeFrames()).isZero();
            long evictedBefore = leaks.manager().statistics().tier().pagesEvicted();
            long newcomer = address + 2 * FRAMES * PAGE;
            assertThat(space.migrate(newcomer, PAGE, tier()).moved()).isOne();
            assertThat(leaks.manager().statistics().tier().pagesEvicted() - evictedBefore).isBetween(1L, 64L);
            List<Pin> pins = new ArrayList<>();
            for (int i = 0; i < 3 * FRAMES; i++) {
                if (space.pageState(address + i * PAGE).place() == PageState.Place.DEVICE_COHERENT) {
                    pins.add(space.pin(address + i * PAGE, PAGE, PinTerm.SHORT, PinAccess.READ));
                }
            }
            MigrationReport full = space.migrate(newcomer + PAGE, PAGE, tier());
            assertThat(full.count(PageOutcome.NO_FREE_FRAME)).as("all are pinned").isEqualTo(freeFrames() == 0 ? 1 : 0);
            pins.forEach(Pin::close);
            assertThat(space.migrate(newcomer, 60 * PAGE, tier()).there()).isEqualTo(60);
            expect(space, address, 3 * FRAMES);
        }
    }

    @Test
    void pagesOfForksThatDifferAtOneAddressAreAllEvicted() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            space.cowPlacement(CowPlacement.SAME_POOL);
            long address = filled(space, 10);
            space.migrate(address, 10 * PAGE, tier());
            try (AddressSpace one = space.fork(); AddressSpace two = space.fork()) {
                for (int i = 0; i < 10; i++) {
                    one.setLong(address + i * PAGE + 8, 1);
                    two.setLong(address + i * PAGE + 8, 2);
                    space.setLong(address + i * PAGE + 8, 3);
                }
                assertThat(freeFrames()).isEqualTo(FRAMES - 30);
                int evicted = 0;
                for (int round = 0; round < 4; round++) {
                    evicted += leaks.manager().evict(tier(), 30).moved();
                }
                assertThat(evicted).isEqualTo(30);
                assertThat(freeFrames()).isEqualTo(FRAMES);
                for (int i = 0; i < 10; i++) {
                    assertThat(one.getLong(address + i * PAGE + 8)).isEqualTo(1);
                    assertThat(two.getLong(address + i * PAGE + 8)).isEqualTo(2);
                    assertThat(space.getLong(address + i * PAGE + 8)).isEqualTo(3);
                }
                expect(one, address, 10);
                expect(two, address, 10);
            }
        }
    }

    @Test
    void pagesOfClosedForksGoWithTheLastOne() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = filled(space, 10);
            space.migrate(address, 10 * PAGE, tier());
            AddressSpace fork = space.fork();
            space.discard(address, 10 * PAGE);
            assertThat(freeFrames()).isEqualTo(FRAMES - 10);
            assertThat(leaks.manager().evict(tier(), 5).moved()).isEqualTo(5);
            expect(fork, address, 10);
            fork.close();
            while (leaks.manager().reclaim(100) > 0) {
                // until the fork is gone
            }
            assertThat(freeFrames()).isEqualTo(FRAMES);
            assertThat(leaks.manager().evict(tier(), 5).moved()).isZero();
        }
    }

    /** A request for too many pages evicts all pages and takes no longer. */
    @Test
    @Timeout(value = 500, unit = TimeUnit.MILLISECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void requestForMorePagesThanThereAreEvictsThemAll() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = filled(space, 10);
            space.migrate(address, 10 * PAGE, tier());
            try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ)) {
                assertThat(leaks.manager().evict(tier(), Integer.MAX_VALUE).moved()).isEqualTo(9);
                assertThat(pin.sizeBytes()).isEqualTo(PAGE);
            }
        }
    }

    @Test
    void evictionsDuringUnmapsAndWritesLeakNothing() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long kept = filled(space, 10);
            Threads.race(Duration.ofMillis(500), running -> {
                while (running.getAsBoolean()) {
                    leaks.manager().evict(tier(), 8);
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    long address = filled(space, 4);
                    space.migrate(kept, 10 * PAGE, tier());
                    space.migrate(address, 4 * PAGE, tier());
                    space.setLong(address + PAGE, 2);
                    space.discard(address, PAGE);
                    assertThat(space.getLong(address)).isZero();
                    assertThat(space.getLong(address + PAGE)).isEqualTo(2);
                    space.unmap(address, 4 * PAGE);
                }
            });
            expect(space, kept, 10);
        }
    }

    @Test
    void agentEvictsByItself() throws InterruptedException {
        try (MemoryManager memory = MemoryManager.builder().hostPool(HOST_FRAMES * PAGE)
                .deviceCoherentPool("tier", FRAMES * PAGE).watermarks(LOW, HIGH).build();
                AddressSpace space = memory.newAddressSpace()) {
            long address = filled(space, FRAMES);
            space.migrate(address, FRAMES * PAGE, memory.pool("tier"));
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (memory.pool("tier").freeBytes() < HIGH * PAGE && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            assertThat(memory.pool("tier").freeBytes()).isGreaterThanOrEqualTo(HIGH * PAGE);
            expect(space, address, FRAMES);
        }
    }

    @Test
    void invalidRequestsAreRefused() {
        for (int pages : new int[] {0, -1, Integer.MIN_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> leaks.manager().evict(tier(), pages))
                    .withMessageContaining("pages=" + pages);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> leaks.manager().evict(leaks.manager().hostPool(), 1));
        try (MemoryManager other = MemoryManager.builder().hostPool(1 << 16).deviceCoherentPool("tier", PAGE)
                .build()) {
            assertThatIllegalArgumentException().isThrownBy(() -> leaks.manager().evict(other.pool("tier"), 1))
                    .withMessageContaining("pool=tier");
        }
        assertThat(leaks.manager().evict(tier(), Integer.MAX_VALUE).moved()).isZero();
        for (int[] marks : new int[][] {{-1, 5}, {6, 5}, {0, 101}, {50, Integer.MAX_VALUE}}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> MemoryManager.builder().watermarks(marks[0], marks[1]));
        }
    }
}
