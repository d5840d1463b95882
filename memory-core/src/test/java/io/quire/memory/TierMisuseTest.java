package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Invalid migrations and pins are refused with a clear message, and change nothing. */
@Tag("portable")
class TierMisuseTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 4;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Private far = new RecordingDriver.Private(16);

    @Order(2)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).deviceCoherentPool("tier", 16 * PAGE)
            .device("far", far).watermarks(0, 0).backgroundAgent(false).leakTracking(true));

    private AddressSpace space;
    private long address;
    private MemoryPool tier;

    @BeforeEach
    void map() {
        tier = leaks.manager().pool("tier");
        space = leaks.manager().newAddressSpace("misused");
        address = space.map(PAGES * PAGE);
        space.fill(address, PAGES * PAGE, (byte) 1);
    }

    @AfterEach
    void nothingHasChanged() {
        assertThat(leaks.manager().openPins()).isEmpty();
        if (!space.isClosed()) {
            for (int i = 0; i < PAGES; i++) {
                assertThat(space.pageState(address + i * PAGE))
                        .isEqualTo(new PageState(address + i * PAGE, PageState.Place.HOST, "host", true, false));
                assertThat(space.getByte(address + i * PAGE)).isEqualTo((byte) 1);
            }
            space.close();
        }
    }

    /** Returns every kind of pin at an address as a function of its size. */
    private List<LongConsumer> pinsOfSize(long at) {
        return List.of(size -> space.pin(at, size, PinTerm.SHORT, PinAccess.READ),
                size -> space.pin(at, size, PinTerm.LONG, PinAccess.WRITE),
                size -> {
                    try (Accessor accessor = space.accessor()) {
                        accessor.pin(at, size, PinTerm.SHORT, PinAccess.WRITE);
                    }
                });
    }

    private List<LongConsumer> migrationsOfSize(long at) {
        return List.of(size -> space.migrate(at, size, tier),
                size -> space.migrate(at, size, leaks.manager().pool("far")),
                size -> space.migrate(at, size, leaks.manager().hostPool()));
    }

    @Test
    void invalidSizesAreRefused() {
        for (long size : new long[] {0, -1, Long.MIN_VALUE, (1L << 47) + 1, Long.MAX_VALUE, -PAGE}) {
            for (LongConsumer migration : migrationsOfSize(address)) {
                assertThatIllegalArgumentException().isThrownBy(() -> migration.accept(size))
                        .withMessageContaining("sizeBytes=" + size);
            }
            for (long at : new long[] {address, address + 1, address + PAGE - 1}) {
                for (LongConsumer pin : pinsOfSize(at)) {
                    assertThatIllegalArgumentException().isThrownBy(() -> pin.accept(size))
                            .withMessageContaining("sizeBytes=");
                }
            }
        }
    }

    @Test
    void hugeRangesAreRefusedWithoutAnArrayForEachPage() {
        for (long size : new long[] {1L << 32, 1L << 40, 1L << 43, 1L << 46, 1L << 47}) {
            for (LongConsumer operation : migrationsOfSize(address)) {
                assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> operation.accept(size))
                        .isInstanceOfAny(IllegalArgumentException.class, AddressNotMappedException.class);
            }
            for (LongConsumer operation : pinsOfSize(address)) {
                assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> operation.accept(size))
                        .isInstanceOfAny(IllegalArgumentException.class, AddressNotMappedException.class,
                                PinLimitException.class);
            }
        }
    }

    @Test
    void addressesWithinAPageAreRefusedForMigrations() {
        for (long offset : new long[] {1, 8, PAGE - 1, -1}) {
            for (LongConsumer migration : migrationsOfSize(address + offset)) {
                assertThatIllegalArgumentException().isThrownBy(() -> migration.accept(PAGE))
                        .withMessageContaining("multiple of 4096");
            }
        }
    }

    @Test
    void addressesThatAreNotMappedAreRefused() {
        for (long at : new long[] {0, address - PAGE, address + PAGES * PAGE, 1L << 47, Long.MAX_VALUE & -PAGE, -PAGE,
            Long.MIN_VALUE}) {
            for (LongConsumer migration : migrationsOfSize(at)) {
                assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> migration.accept(PAGE));
            }
            for (LongConsumer pin : pinsOfSize(at)) {
                assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> pin.accept(PAGE));
            }
        }
        for (LongConsumer migration : migrationsOfSize(address)) {
            assertThatExceptionOfType(AddressNotMappedException.class)
                    .isThrownBy(() -> migration.accept(PAGES * PAGE + 1))
                    .satisfies(refused -> assertThat(refused.address()).isEqualTo(address + PAGES * PAGE));
        }
        for (LongConsumer pin : pinsOfSize(address + 1)) {
            assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> pin.accept(PAGES * PAGE))
                    .satisfies(refused -> assertThat(refused.address()).isEqualTo(address + PAGES * PAGE));
        }
        assertThat(space.pageState(-1).place()).isEqualTo(PageState.Place.INACCESSIBLE);
        assertThat(space.pageState(Long.MIN_VALUE).place()).isEqualTo(PageState.Place.INACCESSIBLE);
        assertThat(space.pageState(Long.MAX_VALUE).place()).isEqualTo(PageState.Place.INACCESSIBLE);
    }

    @Test
    void poolsOfOtherManagersAreRefused() {
        try (MemoryManager other = MemoryManager.builder().hostPool(1 << 16).deviceCoherentPool("tier", PAGE)
                .deviceCoherentPool("more", PAGE).deviceCoherentPool("most", PAGE).build()) {
            for (MemoryPool pool : other.pools()) {
                assertThatIllegalArgumentException().isThrownBy(() -> space.migrate(address, PAGE, pool))
                        .withMessageContainingAll("pool=" + pool.name(), "space=misused");
            }
        }
    }

    @Test
    void hiddenPagesMoveUnseenAndCannotBePinned() {
        space.protect(address, PAGE, Protection.NONE);
        long empty = space.map(PAGE, Protection.NONE);
        assertThat(space.migrate(address, PAGE, tier).outcome(address)).isEqualTo(PageOutcome.MOVED);
        assertThat(space.migrate(empty, PAGE, tier).outcome(empty)).isEqualTo(PageOutcome.EMPTY);
        assertThat(space.pageState(address).place()).isEqualTo(PageState.Place.INACCESSIBLE);
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> space.getByte(address));
        for (LongConsumer pin : pinsOfSize(address)) {
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> pin.accept(PAGE));
        }
        assertThat(leaks.manager().evict(tier, 1).moved()).isOne();
        assertThat(space.migrate(address, PAGE, leaks.manager().pool("far")).moved()).isOne();
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> space.getByte(address));
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> space.setByte(address, (byte) 2));
        ManagerCheck.awaitTold(leaks.manager());
        assertThat(far.usedFrames()).isOne();
        space.protect(address, PAGE, Protection.READ_ONLY);
        assertThat(space.getByte(address)).isEqualTo((byte) 1);
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> space.setByte(address, (byte) 2));
        assertThat(space.migrate(address, PAGE, tier).moved()).isOne();
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> space.setByte(address, (byte) 2));
        assertThat(space.migrate(address, PAGE, leaks.manager().hostPool()).moved()).isOne();
        space.protect(address, PAGE, Protection.READ_WRITE);
        space.setByte(address, (byte) 1);
        space.unmap(empty, PAGE);
    }

    @Test
    void snapshotsMoveWithTheirSpaceAndRefuseToBeWritten() {
        try (AddressSpace snapshot = space.snapshot("frozen")) {
            for (MemoryPool pool : leaks.manager().pools()) {
                snapshot.migrate(address, PAGES * PAGE, leaks.manager().hostPool());
                assertThat(snapshot.migrate(address, PAGES * PAGE, pool).isComplete()).isTrue();
                assertThatExceptionOfType(ProtectionException.class)
                        .isThrownBy(() -> snapshot.setByte(address, (byte) 2));
                assertThatExceptionOfType(ProtectionException.class)
                        .isThrownBy(() -> snapshot.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE));
            }
            assertThat(snapshot.migrate(address, PAGES * PAGE, leaks.manager().hostPool()).isComplete()).isTrue();
            assertThat(snapshot.getByte(address)).isEqualTo((byte) 1);
        }
        while (leaks.manager().reclaim(100) > 0) {
            // until the snapshot is gone
        }
        space.fill(address, PAGES * PAGE, (byte) 1);
    }

    @Test
    void everythingIsRefusedAfterClose() {
        Accessor accessor = space.accessor();
        space.close();
        for (Runnable use : List.<Runnable>of(() -> space.migrate(address, PAGE, tier),
                () -> space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ),
                () -> accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ), () -> space.pageState(address),
                () -> leaks.manager().device("far").attach(space))) {
            assertThatExceptionOfType(ClosedException.class).isThrownBy(use::run).withMessageContaining("misused");
        }
        accessor.close();
        assertThatExceptionOfType(ClosedException.class)
                .isThrownBy(() -> accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ));
        MemoryManager closed = MemoryManager.builder().hostPool(1 << 16).deviceCoherentPool("tier", PAGE).build();
        MemoryPool gone = closed.pool("tier");
        closed.close();
        for (Runnable use : List.<Runnable>of(closed::maintain, closed::openPins, () -> closed.evict(gone, 1))) {
            assertThatExceptionOfType(ClosedException.class).isThrownBy(use::run);
        }
    }

    @Test
    void progressIsReportedInOrderAndAListenerThatThrowsEndsTheMigration() {
        long wide = space.map(200 * PAGE);
        space.fill(wide, 4, (byte) 1);
        long[] last = {0};
        space.migrate(wide, 200 * PAGE, leaks.manager().hostPool(), done -> {
            assertThat(done).isGreaterThan(last[0]).isLessThanOrEqualTo(200 * PAGE);
            last[0] = done;
        });
        assertThat(last[0]).isEqualTo(200 * PAGE);
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> space.migrate(address, PAGES * PAGE, tier, _ -> {
                    throw new IllegalStateException("enough");
                }));
        assertThat(space.migrate(address, PAGES * PAGE, leaks.manager().hostPool()).isComplete()).isTrue();
        space.unmap(wide, 200 * PAGE);
    }

    @Test
    void outcomesOutsideOfTheReportAreRefused() {
        MigrationReport report = space.migrate(address, PAGES * PAGE, leaks.manager().hostPool());
        assertThat(report.pages()).isEqualTo(PAGES);
        assertThat(report.outcome(address + PAGES * PAGE - 1)).isEqualTo(PageOutcome.ALREADY_THERE);
        for (long outside : new long[] {address - 1, address + PAGES * PAGE, 0, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> report.outcome(outside));
        }
    }

    @Test
    void migrationsAndPinsInTheMiddleOfForksLoseNothing() throws InterruptedException {
        Threads.race(Duration.ofMillis(400), running -> {
            while (running.getAsBoolean()) {
                space.migrate(address, PAGES * PAGE, tier);
                space.migrate(address, PAGES * PAGE, leaks.manager().hostPool());
                space.migrate(address, PAGES * PAGE, leaks.manager().pool("far"));
            }
        }, running -> {
            while (running.getAsBoolean()) {
                try (AddressSpace fork = space.fork(); AddressSpace snapshot = fork.snapshot()) {
                    assertThat(fork.getByte(address + PAGE)).isEqualTo((byte) 1);
                    fork.setByte(address + PAGE, (byte) 2);
                    assertThat(snapshot.getByte(address + PAGE)).isEqualTo((byte) 1);
                    assertThat(fork.getByte(address + PAGE)).isEqualTo((byte) 2);
                }
            }
        }, running -> {
            while (running.getAsBoolean()) {
                try (Pin pin = space.pin(address + 2 * PAGE, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                    space.setByte(address + 2 * PAGE, (byte) 1);
                    assertThat(pin.state(address + 2 * PAGE).pinned()).isTrue();
                }
            }
        });
        space.migrate(address, PAGES * PAGE, leaks.manager().hostPool());
        while (leaks.manager().reclaim(100) > 0) {
            // until the forks are gone
        }
        space.migrate(address, PAGES * PAGE, leaks.manager().hostPool());
        space.fill(address, PAGES * PAGE, (byte) 1);
    }
}
