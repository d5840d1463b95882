package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MigrationReport;
import io.quire.memory.Pin;
import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.history.TieredManager;
import io.quire.memory.softdevice.FaultInjection;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bugs of the Linux kernel with private and coherent device memory. docs/kernel-bugs.md has the list. */
@ExtendWith(Seed.class)
class DeviceMemoryBugsTest extends KernelBug {

    private static final int ROUNDS = 20;
    private static final int PAGES = 8;
    private static final int CODE = FaultInjection.FIRST_CODE;

    @Test
    @DisplayName("B16: CVE-2022-3523, a fault uses a private page that a migration frees, and the device with it")
    void faultsEvictionAndTheEndOfTheDeviceMeetOnOnePage(SplittableRandom random) throws InterruptedException {
        for (int round = 0; round < ROUNDS; round++) {
            SoftwareDevice device = privateMemory(PAGES);
            try (TieredManager memory = new TieredManager(device);
                    AddressSpace space = memory.manager().newAddressSpace()) {
                long address = mapNumbered(space, PAGES);
                AddressSpace fork = space.fork();
                space.migrate(address, PAGES * PAGE, memory.pool(device));
                device.faults().delay(FaultInjection.Phase.COPY, Duration.ofNanos(random.nextInt(100_000)));
                Threads.race(Duration.ZERO, running -> expectNumbered(space, address, PAGES),
                        running -> expectNumbered(fork, address, PAGES),
                        running -> evictUnlessClosed(memory, device), running -> memory.device(device).close());
                assertThat(device.counters().useAfterFree()).isZero();
                assertThat(device.counters().liveFrames()).isZero();
                fork.close();
            }
        }
    }

    private static void evictUnlessClosed(TieredManager memory, SoftwareDevice device) {
        try {
            memory.manager().evict(memory.pool(device), PAGES);
        } catch (DeviceClosedException late) {
            assertThat(late).hasMessageContaining(device.name());
        }
    }

    @Test
    @DisplayName("B16: the page goes away for good while a migration copies it")
    void framesThatAreBeingCopiedAreNotFreedByADiscard() throws InterruptedException {
        SoftwareDevice device = privateMemory(PAGES);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, PAGES);
            space.migrate(address, PAGES * PAGE, memory.pool(device));
            device.faults().delay(FaultInjection.Phase.COPY, Duration.ofMillis(15));
            long copies = device.counters().copies();
            Threads.race(Duration.ZERO, running -> {
                MigrationReport report = space.migrate(address, PAGES * PAGE, memory.manager().hostPool());
                assertThat(report.count(PageOutcome.RACED)).isEqualTo(PAGES);
            }, running -> {
                while (device.counters().copies() == copies) {
                    Thread.onSpinWait();
                }
                space.discard(address, PAGES * PAGE);
                assertThat(device.counters().liveFrames()).as("frames, which the migration holds").isEqualTo(PAGES);
            });
            assertThat(device.counters().useAfterFree()).isZero();
            ManagerCheck.awaitTold(memory.manager());
            assertThat(device.counters().liveFrames()).isZero();
            assertThat(space.getLong(address)).isZero();
        }
    }

    @Test
    @DisplayName("B17: the reference that protects the faulting page makes its own migration fail")
    void aFaultBringsItsPageHomeWhileAnEvictionHoldsIt() throws InterruptedException {
        SoftwareDevice device = privateMemory(PAGES);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, PAGES);
            for (int round = 0; round < ROUNDS; round++) {
                assertThat(space.migrate(address, PAGES * PAGE, memory.pool(device)).moved()).isEqualTo(PAGES);
                device.faults().delay(FaultInjection.Phase.COPY, Duration.ofNanos(200_000));
                Threads.race(Duration.ZERO, running -> memory.manager().evict(memory.pool(device), PAGES),
                        running -> expectNumbered(space, address, PAGES),
                        running -> space.setLong(address + PAGE + 8, 5),
                        running -> assertThat(space.getLong(address + PAGE)).isEqualTo(2));
            }
        }
    }

    @Test
    @DisplayName("B18: the loser of a fault race unlocks and forgets to unmap")
    void losersOfAFaultRaceLeaveNothingBehind() throws InterruptedException {
        SoftwareDevice device = privateMemory(PAGES);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 1);
            race(running -> readAgainAndAgain(space, address, running),
                    running -> readAgainAndAgain(space, address, running), running -> {
                        for (int round = 0; round < ROUNDS || running.getAsBoolean(); round++) {
                            space.migrate(address, PAGE, memory.pool(device));
                        }
                    });
            othersGoOn(space, address);
            space.unmap(address, PAGE);
            ManagerCheck.awaitTold(memory.manager());
            assertThat(device.counters().liveFrames()).isZero();
        }
    }

    private static void readAgainAndAgain(AddressSpace space, long address,
            BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            while (running.getAsBoolean()) {
                assertThat(accessor.getLong(address)).isEqualTo(1);
            }
        }
    }

    @Test
    @DisplayName("B20: the flush comes after the lock, and a translation survives a discard that races a migration")
    void noReadSeesTheOldFrameAfterADiscardHasReturned() throws InterruptedException {
        SoftwareDevice coherent = coherent(PAGES);
        SoftwareDevice hidden = privateMemory(PAGES);
        try (TieredManager memory = new TieredManager(coherent, hidden);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            AtomicLong written = new AtomicLong();
            AtomicLong discarded = new AtomicLong();
            race(running -> {
                for (long value = 1; running.getAsBoolean(); value++) {
                    written.set(value);
                    space.setLong(address, value);
                    space.discard(address, PAGE);
                    discarded.set(value);
                }
            }, running -> {
                try (Accessor accessor = space.accessor()) {
                    while (running.getAsBoolean()) {
                        long gone = discarded.get();
                        long seen = accessor.getLong(address);
                        assertThat(seen == 0 || (seen > gone && seen <= written.get()))
                                .as("discarded=%d, seen=%d", gone, seen).isTrue();
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    space.migrate(address, PAGE, memory.pool(coherent));
                    space.migrate(address, PAGE, memory.manager().hostPool());
                    space.migrate(address, PAGE, memory.pool(hidden));
                }
            });
        }
    }

    @Test
    @DisplayName("B21: a migration takes the entry out, fails, and puts it back without what it knew")
    void aMigrationThatFailsLeavesEveryPageAsItWas() {
        SoftwareDevice device = privateMemory(PAGES);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 4);
            space.protect(address + PAGE, PAGE, Protection.READ_ONLY);
            space.setLong(address, 1);
            try (Attachment attached = memory.device(device).attach(space);
                    Pin pin = space.pin(address + 3 * PAGE, PAGE, PinTerm.LONG, PinAccess.WRITE)) {
                attached.makeExclusive(address + 2 * PAGE, PAGE);
                space.setLong(address, 1); // sets W again
                List<PageState> before = states(space, address, 4);
                for (int failing = 1; failing <= 2; failing++) {
                    device.faults().failCopy(failing, CODE);
                    assertThatExceptionOfType(DriverFailedException.class)
                            .isThrownBy(() -> space.migrate(address, 4 * PAGE, memory.pool(device)))
                            .satisfies(failed -> assertThat(failed.code()).isEqualTo(CODE));
                    assertThat(states(space, address, 4)).isEqualTo(before);
                }
                device.faults().failAllocation(1);
                assertThat(space.migrate(address, 4 * PAGE, memory.pool(device)).outcome(address))
                        .isEqualTo(PageOutcome.NO_FREE_FRAME);
                assertThat(space.pageState(address)).isEqualTo(before.getFirst());
                setWord(pin, 4);
            }
            space.migrate(address, PAGE, memory.pool(device));
            PageState onDevice = space.pageState(address);
            assertThat(onDevice.place()).isEqualTo(Place.DEVICE_PRIVATE);
            device.faults().failCopy(1, CODE);
            assertThatExceptionOfType(DriverFailedException.class).isThrownBy(() -> space.getLong(address));
            assertThat(space.pageState(address)).isEqualTo(onDevice);
            expectNumbered(space, address, 4);
        }
    }

    private static List<PageState> states(AddressSpace space, long address, int pages) {
        return IntStream.range(0, pages).mapToObj(i -> space.pageState(address + i * PAGE)).toList();
    }

    @ParameterizedTest
    @EnumSource(LongTermPolicy.class)
    @DisplayName("B23: the fast way to pin knows nothing of device memory, and a long pin stays there")
    void neitherWayToPinKeepsDeviceMemoryForLong(LongTermPolicy policy) throws InterruptedException {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(builder -> builder.longTermPolicy(policy), device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 1);
            race(running -> {
                try (Accessor accessor = space.accessor()) {
                    boolean fast = false;
                    while (running.getAsBoolean()) {
                        fast = !fast;
                        try (Pin pin = fast ? accessor.pin(address, PAGE, PinTerm.LONG, PinAccess.READ)
                                : space.pin(address, PAGE, PinTerm.LONG, PinAccess.READ)) {
                            assertThat(pin.state(address).place()).isEqualTo(Place.HOST);
                            assertThat(space.pageState(address).place()).isEqualTo(Place.HOST);
                            assertThat(word(pin)).isEqualTo(1);
                        } catch (LongTermPinException refused) {
                            assertThat(policy).isEqualTo(LongTermPolicy.REFUSE);
                        }
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    space.migrate(address, PAGE, memory.pool(device));
                    space.migrate(address, PAGE, memory.manager().hostPool());
                }
            });
        }
    }

    @Test
    @DisplayName("B25: is a frame free at a count of 1 or of 0?")
    void theDeviceHearsOfEachFreedFrameOnceAndAfterTheLastSharer() {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 2);
            space.migrate(address, 2 * PAGE, memory.pool(device));
            AddressSpace fork = space.fork();
            AddressSpace second = fork.snapshot();
            space.unmap(address, 2 * PAGE);
            fork.close();
            reclaimAll(memory);
            assertThat(device.counters().frees()).isZero();
            expectNumbered(second, address, 2);
            try (Pin _ = second.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ)) {
                second.close();
                reclaimAll(memory);
                assertThat(device.counters().liveFrames()).as("live frames, of the pinned page").isEqualTo(1);
            }
            ManagerCheck.awaitTold(memory.manager());
            assertThat(device.counters().liveFrames()).isZero();
            assertThat(device.counters().frees()).isEqualTo(2);
        }
    }

    private static void reclaimAll(TieredManager memory) {
        while (memory.manager().reclaim(1000) > 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    @DisplayName("B26: flags that a freed frame keeps poison its next user")
    void aFrameComesToItsNextUserAsIfItWereNew() {
        SoftwareDevice device = coherent(2);
        try (TieredManager memory = new TieredManager(device); AddressSpace first = memory.manager().newAddressSpace();
                AddressSpace next = memory.manager().newAddressSpace()) {
            long address = mapNumbered(first, 2);
            first.migrate(address, 2 * PAGE, memory.pool(device));
            try (Attachment attached = memory.device(device).attach(first)) {
                attached.makeExclusive(address, PAGE);
                first.pin(address + PAGE, PAGE, PinTerm.SHORT, PinAccess.WRITE).close();
                first.protect(address + PAGE, PAGE, Protection.NONE);
                first.unmap(address, 2 * PAGE);
                assertThat(attached.exclusivePages()).isZero();
                assertThat(device.table(attached.mirror())).isEmpty();
            }
            long other = next.map(2 * PAGE);
            assertThat(next.migrate(other, 2 * PAGE, memory.pool(device)).count(PageOutcome.FILLED)).isEqualTo(2);
            for (long page = other; page < other + 2 * PAGE; page += PAGE) {
                assertThat(next.pageState(page))
                        .isEqualTo(new PageState(page, Place.DEVICE_COHERENT, "coherent", true, false));
                assertThat(next.getLong(page)).isZero();
            }
            assertThat(next.migrate(other, 2 * PAGE, memory.manager().hostPool()).moved()).isEqualTo(2);
        }
    }

    @Test
    @DisplayName("B27: a driver goes while pages of its device remain")
    void aDeviceThatIsClosedGivesBackItsPagesAndWaitsForPins() {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 3);
            space.migrate(address, 3 * PAGE, memory.pool(device));
            Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE);
            try (AddressSpace fork = space.fork()) {
                try (pin) {
                    assertThatExceptionOfType(PagesBusyException.class)
                            .isThrownBy(() -> memory.device(device).close(Duration.ofMillis(20)))
                            .withMessageContaining("pin of space " + space.name());
                    assertThat(memory.device(device).isClosed()).isFalse();
                    assertThat(word(pin)).isEqualTo(1);
                    assertThat(space.pageState(address + PAGE).place()).as("the page that is not pinned")
                            .isEqualTo(Place.HOST);
                }
                memory.device(device).close();
                expectNumbered(space, address, 3);
                expectNumbered(fork, address, 3);
                assertThat(device.counters().liveFrames()).isZero();
            }
        }
    }

    @Test
    @DisplayName("B28: closing one mirror evicts the pages of all others")
    void theEndOfOneAttachmentMovesNoPage() {
        SoftwareDevice device = privateMemory(PAGES);
        try (TieredManager memory = new TieredManager(device); AddressSpace one = memory.manager().newAddressSpace();
                AddressSpace two = memory.manager().newAddressSpace();
                Attachment other = memory.device(device).attach(two)) {
            long inOne = mapNumbered(one, 2);
            long inTwo = mapNumbered(two, 2);
            try (Attachment _ = memory.device(device).attach(one)) {
                one.migrate(inOne, 2 * PAGE, memory.pool(device));
                two.migrate(inTwo, 2 * PAGE, memory.pool(device));
            }
            assertThat(one.pageState(inOne).place()).isEqualTo(Place.DEVICE_PRIVATE);
            assertThat(two.pageState(inTwo).place()).isEqualTo(Place.DEVICE_PRIVATE);
            assertThat(device.table(other.mirror())).hasSize(2);
            assertThat(device.sum(other.mirror(), inTwo, PAGE).value()).isEqualTo(1);
            expectNumbered(one, inOne, 2);
        }
    }

    @Test
    @DisplayName("B32: code for host pages takes device pages for host pages")
    void operationForOneKindOfMemoryRefusesTheOther() {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 2);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> memory.manager().evict(memory.manager().hostPool(), 1))
                    .withMessageContaining("pool=host");
            space.migrate(address, PAGE, memory.pool(device));
            assertThatExceptionOfType(LongTermPinException.class)
                    .isThrownBy(() -> space.pin(address, 2 * PAGE, PinTerm.LONG, PinAccess.READ));
            assertThat(space.pageState(address + PAGE).pinned()).as("the other page is pinned").isFalse();
            long used = memory.manager().statistics().usedBytes();
            assertThat(used).as("used bytes of the host").isEqualTo(PAGE);
        }
    }

    @Test
    @DisplayName("B33: a pinned coherent page is taken for a page of the host")
    void aShortPinSaysWhereItsPagesAre() {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 2);
            space.migrate(address, PAGE, memory.pool(device));
            try (Pin pin = space.pin(address, 2 * PAGE, PinTerm.SHORT, PinAccess.READ)) {
                assertThat(pin.state(address).place()).isEqualTo(Place.DEVICE_COHERENT);
                assertThat(pin.state(address).pool()).isEqualTo("coherent");
                assertThat(pin.state(address + PAGE).place()).isEqualTo(Place.HOST);
            }
        }
    }

    @Test
    @DisplayName("B34: a branch for an error leaves a lock behind")
    void everyLockIsFreeAfterAFailure() throws InterruptedException {
        SoftwareDevice device = privateMemory(PAGES);
        try (TieredManager memory = new TieredManager(builder -> builder.hostPool(10 << 12), device);
                AddressSpace space = memory.manager().newAddressSpace();
                Attachment attached = memory.device(device).attach(space)) {
            long address = mapNumbered(space, 4);
            space.setLong(address, 0);
            device.faults().failCopy(2, CODE);
            fails(DriverFailedException.class, space, address,
                    () -> space.migrate(address, 2 * PAGE, memory.pool(device)));
            space.migrate(address + PAGE, 2 * PAGE, memory.pool(device));
            device.faults().failCopy(1, CODE);
            fails(DriverFailedException.class, space, address, () -> space.getLong(address + PAGE));
            device.faults().failCopy(1, CODE);
            fails(DriverFailedException.class, space, address, () -> space.setLong(address + PAGE, 1));
            device.faults().failCopy(1, CODE);
            fails(DriverFailedException.class, space, address, () -> memory.manager().evict(memory.pool(device), 1));
            device.faults().failCopy(1, CODE);
            fails(DriverFailedException.class, space, address,
                    () -> space.pin(address + PAGE, PAGE, PinTerm.SHORT, PinAccess.READ));
            try (AddressSpace _ = space.fork()) {
                device.faults().failCopy(1, CODE);
                fails(DriverFailedException.class, space, address,
                        () -> device.fill(attached.mirror(), address + PAGE, 8, (byte) 1));
            }
            long rest = space.map(20 * PAGE);
            try (Pin _ = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                fails(OutOfFramesException.class, space, address, () -> space.fill(rest, 20 * PAGE, (byte) 1));
                // Page by page: the pages that were written before the failure stay.
                fails(OutOfFramesException.class, space, address, () -> {
                    for (long page = rest;; page += PAGE) {
                        space.setLong(page, 1);
                    }
                });
                fails(OutOfFramesException.class, space, address, space::fork);
                fails(OutOfFramesException.class, space, address, () -> space.getLong(address + PAGE));
                fails(OutOfFramesException.class, space, address, () -> attached.makeExclusive(rest + 19 * PAGE, PAGE));
                fails(OutOfFramesException.class, space, address,
                        () -> space.pin(rest + 19 * PAGE, PAGE, PinTerm.LONG, PinAccess.READ));
            }
        }
    }

    private static void fails(Class<? extends RuntimeException> with, AddressSpace space, long address,
            ThrowingCallable action) throws InterruptedException {
        assertThatExceptionOfType(with).isThrownBy(action);
        Threads.elsewhere(() -> {
            assertThatCode(() -> space.setLong(address, 0)).doesNotThrowAnyException();
            space.protect(address, PAGE, Protection.READ_ONLY);
            space.protect(address, PAGE, Protection.READ_WRITE);
        });
    }
}
