package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.OpenSpacesException;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class MemoryManagerTest {

    private static final TierStatistics QUIET = new TierStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private static final int PAGE = 4096;

    @Test
    void impossiblePoolSizesAreRefused() {
        for (long size : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 50}) {
            assertThatIllegalArgumentException().isThrownBy(() -> MemoryManager.builder().hostPool(size))
                    .withMessageContainingAll("sizeBytes=" + size, "available=");
        }
    }

    @Test
    void impossibleLimitsOfSpacesAreRefused() {
        for (int limit : new int[] {0, -1, Integer.MIN_VALUE, (1 << 19) + 1, Integer.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> MemoryManager.builder().maxSpaces(limit))
                    .withMessageContaining("limit=" + limit);
        }
    }

    @Test
    void poolIsRoundedUpToWholePages() {
        for (long size : new long[] {1, PAGE, PAGE + 1, 10 * PAGE}) {
            try (MemoryManager manager = MemoryManager.builder().hostPool(size).build()) {
                assertThat(manager.statistics().limitBytes()).isEqualTo((size + PAGE - 1) / PAGE * PAGE);
                assertThat(manager.statistics().usedBytes()).isZero();
                assertThat(manager.statistics().freeBytes()).isEqualTo(manager.statistics().limitBytes());
            }
        }
    }

    @Test
    void statisticsCountWhatHappened() {
        try (MemoryManager manager = MemoryManager.builder().name("counted").hostPool(1 << 20)
                .backgroundAgent(false).build()) {
            assertThat(manager.name()).isEqualTo("counted");
            assertThat(manager.toString()).contains("counted", "openSpaces=0");
            AddressSpace space = manager.newAddressSpace();
            long address = space.map(3 * PAGE);
            space.fill(address, 3 * PAGE, (byte) 1);
            AddressSpace fork = space.fork();
            AddressSpace snapshot = space.snapshot();
            space.setByte(address, (byte) 2);
            assertThat(manager.statistics()).isEqualTo(
                    new MemoryStatistics(1 << 20, 4 * PAGE, 3, 2, 3, 1, 0, QUIET));
            fork.close();
            snapshot.close();
            while (manager.reclaim(100) > 0) {
                // until all is destroyed
            }
            space.setByte(address + PAGE, (byte) 2);
            space.map(PAGE);
            assertThat(manager.statistics()).isEqualTo(
                    new MemoryStatistics(1 << 20, 3 * PAGE, 1, 2, 3, 1, 1, QUIET));
            space.close();
        }
    }

    @Test
    void closeWithOpenSpacesIsRefusedAndListsThemOldestFirst() {
        MemoryManager manager = MemoryManager.builder().name("mine").hostPool(1 << 20).build();
        AddressSpace first = manager.newAddressSpace("first");
        AddressSpace second = first.fork("second");
        AddressSpace third = second.snapshot();
        assertThatExceptionOfType(OpenSpacesException.class).isThrownBy(manager::close)
                .withMessageContainingAll("manager=mine", "count=3", "leakTracking(true)")
                .satisfies(refused -> assertThat(refused.spaces()).satisfiesExactly(
                        line -> assertThat(line).startsWith("space first, age="),
                        line -> assertThat(line).startsWith("space second forked from first"),
                        line -> assertThat(line).startsWith("snapshot space-")
                                .contains("forked from second")));
        long address = first.map(PAGE);
        first.setLong(address, 1);
        assertThat(first.getLong(address)).as("the manager is still open").isEqualTo(1);
        List.of(first, second, third).forEach(AddressSpace::close);
        manager.close();
    }

    @Test
    void leakTrackingShowsWhereSpacesWereCreated() {
        MemoryManager manager = MemoryManager.builder().hostPool(1 << 20).leakTracking(true).build();
        AddressSpace space = manager.newAddressSpace();
        AddressSpace fork = forkInAMethodOfItsOwn(space);
        assertThatExceptionOfType(OpenSpacesException.class).isThrownBy(manager::close)
                .withMessageContaining("MemoryManagerTest.leakTrackingShowsWhereSpacesWereCreated")
                .withMessageContaining("MemoryManagerTest.forkInAMethodOfItsOwn")
                .withMessageNotContaining("leakTracking(true)");
        assertThat(manager.openSpaces()).hasSize(2);
        space.close();
        fork.close();
        manager.close();
    }

    private static AddressSpace forkInAMethodOfItsOwn(AddressSpace space) {
        return space.fork();
    }

    @Test
    void everythingIsRefusedAfterClose() {
        MemoryManager manager = MemoryManager.builder().name("gone").hostPool(1 << 20).build();
        AddressSpace space = manager.newAddressSpace();
        long address = space.map(PAGE);
        space.setLong(address, 1);
        space.close();
        MemoryPool pool = manager.hostPool();
        manager.close();
        manager.close();
        List<Runnable> uses = List.of(manager::newAddressSpace, manager::statistics,
                () -> manager.reclaim(1), pool::freeBytes, pool::sizeBytes, manager::trim);
        for (Runnable use : uses) {
            assertThatExceptionOfType(ClosedException.class).isThrownBy(use::run)
                    .withMessage("memory manager gone is closed");
        }
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> space.getLong(address));
        assertThat(manager).hasToString("MemoryManager[gone, closed]");
        assertThat(pool).hasToString("MemoryPool[host, HOST, closed]");
        assertThat(pool.name()).isEqualTo("host");
    }

    @Test
    void closedManagerStillTellsWhatItIs() {
        MemoryManager manager = MemoryManager.builder().name("gone").hostPool(1 << 20)
                .deviceCoherentPool("near", PAGE).build();
        AddressSpace space = manager.newAddressSpace("space");
        AddressSpace snapshot = space.snapshot("moment");
        snapshot.close();
        space.close();
        manager.close();
        assertThat(manager.name()).isEqualTo("gone");
        assertThat(manager.pools()).containsExactly(manager.hostPool(), manager.pool("near"))
                .extracting(MemoryPool::name).containsExactly("host", "near");
        assertThat(manager.devices()).containsExactly(manager.device("near"));
        assertThat(manager.device("near")).returns("near", Device::name).returns(1, Device::id)
                .returns(true, Device::isClosed).returns(false, Device::isLost);
        assertThat(snapshot).returns("moment", AddressSpace::name).returns(true, AddressSpace::isSnapshot)
                .returns(true, AddressSpace::isClosed).returns(CowPlacement.HOST, AddressSpace::cowPlacement);
    }

    @Test
    void accessorsAndCursorsOfClosedSpacesAreRefusedAfterTheManagerIsClosed() {
        MemoryManager manager = MemoryManager.builder().hostPool(1 << 20).build();
        AddressSpace space = manager.newAddressSpace("gone");
        long address = space.map(PAGE);
        Accessor accessor = space.accessor();
        accessor.setLong(address, 1);
        assertThat(accessor.getLong(address)).isEqualTo(1);
        space.close();
        manager.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> accessor.getLong(address));
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> accessor.setLong(address, 1));
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> space.setLong(address, 1));
        accessor.close();
    }

    @Test
    void manyThreadsMayClose() throws InterruptedException {
        for (int round = 0; round < 20; round++) {
            MemoryManager manager = MemoryManager.builder().hostPool(1 << 20).build();
            AddressSpace space = manager.newAddressSpace();
            Threads.Task close = running -> {
                space.close();
                while (!manager.isClosed()) {
                    try {
                        manager.close();
                    } catch (OpenSpacesException tooEarly) {
                        Thread.onSpinWait(); // another thread is still closing the space
                    }
                }
            };
            Threads.race(Duration.ZERO, close, close, close);
            assertThat(space.isClosed()).isTrue();
        }
    }

    @Test
    void spaceThatIsClosedWhileInUseRefusesItsUsers() throws InterruptedException {
        try (MemoryManager manager = MemoryManager.builder().hostPool(4 << 20).build()) {
            for (int round = 0; round < 30; round++) {
                AddressSpace space = manager.newAddressSpace();
                long address = space.map(50 * PAGE);
                CountDownLatch uses = new CountDownLatch(5_000);
                Threads.Task user = running -> {
                    try (Accessor accessor = space.accessor()) {
                        for (long i = 0;; i++) {
                            long at = address + i % 50 * PAGE;
                            accessor.setLong(at, at);
                            assertThat(accessor.getLong(at)).isEqualTo(at);
                            assertThat(space.getLong(at)).isEqualTo(at);
                            uses.countDown();
                        }
                    } catch (ClosedException closed) {
                        assertThat(closed.getMessage()).contains(space.name());
                    }
                };
                Threads.race(Duration.ZERO, user, running -> {
                    uses.await();
                    space.close();
                    // The other space takes the frames at once.
                    try (AddressSpace other = manager.newAddressSpace()) {
                        other.fill(other.map(50 * PAGE), 50 * PAGE, (byte) -1);
                    }
                });
            }
        }
    }
}
