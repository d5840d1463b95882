package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.QuietLog;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.RecordingDriver.Call;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A device is closed while it is in use: all of its pages come to the host, and nothing is lost. */
@Tag("portable")
class DeviceCloseTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 12;
    private static final int HOST_PAGES = 24;

    @RegisterExtension
    final QuietLog quiet = new QuietLog();

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(32);

    @Order(2)
    @RegisterExtension
    final RecordingDriver.Private far = new RecordingDriver.Private(32);

    @Order(3)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(HOST_PAGES * PAGE).device("near", near)
            .device("far", far).watermarks(0, 0).backgroundAgent(false).leakTracking(true));

    private long address;

    private AddressSpace filled(String name) {
        AddressSpace space = leaks.manager().newAddressSpace(name);
        address = space.map(PAGES * PAGE);
        for (int i = 0; i < PAGES; i++) {
            space.setLong(address + i * PAGE, i + 1L);
        }
        return space;
    }

    private void expect(AddressSpace space) {
        for (int i = 0; i < PAGES; i++) {
            assertThat(space.getLong(address + i * PAGE)).isEqualTo(i + 1L);
        }
    }

    private RecordingDriver driver(String name) {
        return name.equals("near") ? near : far;
    }

    /**
     * The first close holds the lock of the space while it calls the device, so a second one must not wait for that
     * lock.
     */
    @Test
    @Timeout(30)
    void closeOfASpaceThatIsBeingClosedReturnsAtOnce() throws InterruptedException {
        AddressSpace space = filled("closing");
        near.store(leaks.manager().device("near").attach(space).mirror(), address, 1);
        CountDownLatch asked = new CountDownLatch(1);
        near.on(Call.START, 1, () -> {
            asked.countDown();
            return near.hanging();
        });
        Thread first = Thread.ofPlatform().start(space::close);
        asked.await();
        space.close();
        assertThat(first.isAlive()).as("the first close is still running").isTrue();
        near.release();
        first.join();
        assertThat(space.isClosed()).isTrue();
        assertThat(leaks.manager().openSpaces()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"near", "far"})
    void residentSharedAndExclusivePagesComeToTheHost(String name) {
        Device device = leaks.manager().device(name);
        try (AddressSpace space = filled("used")) {
            space.migrate(address, (PAGES - 2) * PAGE, device.pool());
            try (AddressSpace fork = space.fork(); AddressSpace snapshot = fork.snapshot()) {
                Attachment attachment = device.attach(fork);
                driver(name).store(attachment.mirror(), address, 1);
                attachment.makeExclusive(address + (PAGES - 1) * PAGE, PAGE);
                driver(name).add(attachment.mirror(), address + (PAGES - 1) * PAGE, 0);
                device.close();
                assertThat(device.isClosed()).isTrue();
                assertThat(device.toString()).contains("closed");
                assertThat(driver(name).takeKinds()).endsWith(InvalidationKind.RELEASE);
                assertThat(driver(name).count(Call.DETACHED)).isOne();
                assertThat(driver(name).count(Call.CLOSE)).isOne();
                for (int i = 0; i < PAGES; i++) {
                    assertThat(fork.pageState(address + i * PAGE).place()).isEqualTo(PageState.Place.HOST);
                }
                expect(space);
                expect(fork);
                expect(snapshot);
                assertThatExceptionOfType(ClosedException.class)
                        .isThrownBy(() -> attachment.mirror().fault(address, 1, DeviceAccess.READ));
                attachment.close();
            }
        }
    }

    @Test
    void closedDeviceAcceptsNothing() {
        Device device = leaks.manager().device("near");
        device.close();
        try (AddressSpace space = filled("late")) {
            assertThatExceptionOfType(DeviceClosedException.class)
                    .isThrownBy(() -> space.migrate(address, PAGE, device.pool())).withMessage("device near is closed");
            assertThatExceptionOfType(DeviceClosedException.class).isThrownBy(() -> device.attach(space));
            assertThatExceptionOfType(DeviceClosedException.class)
                    .isThrownBy(() -> leaks.manager().evict(device.pool(), 3));
            expect(space);
        }
        device.close();
        device.close(Duration.ZERO);
        assertThat(near.count(Call.CLOSE)).isOne();
    }

    @Test
    void closeWaitsForAPinUntilTheTimeoutAndNamesItsHolder() {
        Device device = leaks.manager().device("near");
        try (AddressSpace space = filled("held")) {
            space.migrate(address, PAGES * PAGE, device.pool());
            Attachment attachment = device.attach(space);
            try (Pin pin = space.pin(address + PAGE, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                long start = System.nanoTime();
                assertThatExceptionOfType(PagesBusyException.class)
                        .isThrownBy(() -> device.close(Duration.ofMillis(60)))
                        .withMessageContainingAll("device=near", "pages=1", "waited=60 ms", "pin of space held",
                                "0x" + Long.toHexString(address + PAGE), "DeviceCloseTest");
                assertThat(System.nanoTime() - start).isBetween(TimeUnit.MILLISECONDS.toNanos(60),
                        TimeUnit.SECONDS.toNanos(5));
                assertThat(device.isClosed()).isFalse();
                assertThat(near.load(attachment.mirror(), address + PAGE)).as("still attached").isEqualTo(2);
                assertThat(space.migrate(address, PAGE, device.pool()).moved()).as("still open").isOne();
                assertThat(pin.state(address + PAGE).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
            }
            device.close(Duration.ZERO);
            expect(space);
        }
    }

    @Test
    void closeGoesOnAsSoonAsThePinIsGone() throws InterruptedException {
        Device device = leaks.manager().device("near");
        try (AddressSpace space = filled("held")) {
            space.migrate(address, PAGES * PAGE, device.pool());
            Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE);
            Threads.race(Duration.ZERO, _ -> device.close(), _ -> {
                while (space.pageState(address + PAGE).place() != PageState.Place.HOST) {
                    Thread.onSpinWait();
                }
                space.setLong(address, 1);
                pin.close();
            });
            assertThat(device.isClosed()).isTrue();
            expect(space);
        }
    }

    @Test
    void pinOfAClosedSpaceKeepsTheDeviceOpen() {
        Device device = leaks.manager().device("near");
        AddressSpace space = filled("gone");
        space.migrate(address, PAGES * PAGE, device.pool());
        try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
            space.close();
            assertThatExceptionOfType(PagesBusyException.class).isThrownBy(() -> device.close(Duration.ofMillis(20)))
                    .withMessageContaining("gone");
            assertThat(pin.state(address).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
        }
        device.close(Duration.ZERO);
    }

    @ParameterizedTest
    @ValueSource(strings = {"near", "far"})
    void deviceStaysOpenWhenTheHostHasNoRoomAndCanBeClosedLater(String name) {
        Device device = leaks.manager().device(name);
        try (AddressSpace space = filled("big"); AddressSpace hog = leaks.manager().newAddressSpace("hog")) {
            space.migrate(address, PAGES * PAGE, device.pool());
            Attachment attachment = device.attach(space);
            long hogged = hog.map(HOST_PAGES * PAGE);
            hog.fill(hogged, (HOST_PAGES - 4) * PAGE, (byte) 1);
            assertThatExceptionOfType(PagesBusyException.class).isThrownBy(device::close)
                    .withMessageContainingAll("device=" + name, "host");
            assertThat(device.isClosed()).isFalse();
            assertThat(driver(name).load(attachment.mirror(), address + (PAGES - 1) * PAGE)).isEqualTo(PAGES);
            ManagerCheck.awaitTold(leaks.manager());
            assertThat(driver(name).usedFrames()).isPositive();
            hog.discard(hogged, HOST_PAGES * PAGE);
            device.close();
            expect(space);
            attachment.close();
        }
    }

    @Test
    void spacesThatDoNotUseTheDeviceNoticeNothing() {
        Device device = leaks.manager().device("near");
        try (AddressSpace user = filled("user"); AddressSpace other = leaks.manager().newAddressSpace("other")) {
            long there = other.map(PAGE);
            other.setLong(there, 5);
            Attachment attachment = leaks.manager().device("far").attach(other);
            far.store(attachment.mirror(), there, 6);
            user.migrate(address, PAGES * PAGE, device.pool());
            int told = far.count(Call.START);
            device.close();
            assertThat(far.count(Call.START)).isEqualTo(told);
            assertThat(far.hasTranslation(attachment.mirror(), there)).isTrue();
            assertThat(other.getLong(there)).isEqualTo(6);
            expect(user);
        }
    }

    @Test
    void closeOfTheManagerClosesTheDevices() {
        try (AddressSpace space = filled("any"); Attachment attachment = leaks.manager().device("far").attach(space)) {
            space.migrate(address, PAGES * PAGE, leaks.manager().pool("far"));
            assertThat(far.load(attachment.mirror(), address)).isEqualTo(1);
        }
        assertThat(far.count(Call.CLOSE)).as("not before the manager closes").isZero();
    }

    @Test
    void closeDuringMigrationsAndWritesLosesNothing() throws InterruptedException {
        Device device = leaks.manager().device("near");
        CountDownLatch migrations = new CountDownLatch(20);
        try (AddressSpace space = filled("busy")) {
            Threads.race(Duration.ofMillis(300), running -> {
                while (running.getAsBoolean()) {
                    try {
                        space.migrate(address, PAGES * PAGE, device.pool());
                        space.migrate(address, PAGES * PAGE, leaks.manager().hostPool());
                        migrations.countDown();
                    } catch (DeviceClosedException closed) {
                        return;
                    }
                }
            }, running -> {
                long value = 0;
                while (running.getAsBoolean()) {
                    value++;
                    for (int i = 0; i < PAGES; i++) {
                        space.setLong(address + i * PAGE + 8, value);
                        assertThat(space.getLong(address + i * PAGE + 8)).isEqualTo(value);
                    }
                }
            }, running -> {
                while (migrations.getCount() > 0 && running.getAsBoolean()) {
                    Thread.onSpinWait();
                }
                device.close();
            });
            ManagerCheck.awaitTold(leaks.manager());
            assertThat(near.usedFrames()).isZero();
            expect(space);
        }
    }

    // ---- while a space is closed, and with a driver that fails

    @ParameterizedTest
    @ValueSource(strings = {"near", "far"})
    void driverIsToldOnceThatAMirrorEndsAndBeforeTheDriverIsClosed(String name) throws InterruptedException {
        for (int round = 0; round < 100; round++) {
            RecordingDriver driver = name.equals("near") ? new RecordingDriver.Coherent(8)
                    : new RecordingDriver.Private(8);
            MemoryManager memory = MemoryManager.builder().hostPool(1 << 18).device("card", driver)
                    .backgroundAgent(false).build();
            AddressSpace space = memory.newAddressSpace();
            Device card = memory.device("card");
            Attachment attachment = card.attach(space);
            Threads.race(Duration.ZERO, _ -> card.close(), _ -> space.close(), _ -> attachment.close());
            assertThat(driver.count(Call.DETACHED)).isOne();
            assertThat(driver.count(Call.CLOSE)).isOne();
            assertThat(driver.breaches()).as("rules broken, such as a call after close").isEmpty();
            memory.close();
        }
    }

    @Test
    void spaceThatIsBeingAttachedWhileTheDeviceIsClosedIsRefusedOrDetached() throws InterruptedException {
        for (int round = 0; round < 100; round++) {
            RecordingDriver driver = new RecordingDriver.Coherent(8);
            MemoryManager memory = MemoryManager.builder().hostPool(1 << 18).device("card", driver)
                    .backgroundAgent(false).build();
            AddressSpace space = memory.newAddressSpace();
            Device card = memory.device("card");
            Threads.race(Duration.ZERO, _ -> card.close(), _ -> {
                try {
                    card.attach(space);
                } catch (DeviceClosedException closed) {
                    assertThat(card.isClosed() || driver.count(Call.CLOSE) == 0).isTrue();
                }
            });
            assertThat(driver.count(Call.DETACHED)).isEqualTo(driver.count(Call.ATTACHED));
            assertThat(driver.breaches()).as("rules broken, such as a call after close").isEmpty();
            space.close();
            memory.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void copyThatFailsWhileTheDeviceIsClosedIsMadeAgain(int times) {
        Device device = leaks.manager().device("far");
        try (AddressSpace space = filled("used")) {
            space.migrate(address, PAGES * PAGE, device.pool());
            for (int i = 0; i < times; i++) {
                far.on(Call.COPY_TO_HOST, 3 * (i + 1), RecordingDriver::failing);
            }
            device.close();
            assertThat(far.count(Call.CLOSE)).isOne();
            expect(space);
        }
    }

    @Test
    void deviceThatFailsEachTimeStaysOpenWithItsPagesAndCanBeClosedLater() {
        Device device = leaks.manager().device("far");
        try (AddressSpace space = filled("used"); Attachment attachment = device.attach(space)) {
            space.migrate(address, PAGES * PAGE, device.pool());
            for (int i = 1; i <= 3; i++) {
                far.on(Call.COPY_TO_HOST, i, RecordingDriver::failing);
            }
            assertThatExceptionOfType(DriverFailedException.class).isThrownBy(device::close)
                    .withMessageContainingAll("device=far", "operation=close", "code=" + RecordingDriver.CODE,
                            "pages=" + PAGES, "stays open")
                    .withStackTraceContaining("on fire");
            assertThat(device.isClosed()).isFalse();
            assertThat(far.count(Call.DETACHED)).isZero();
            assertThat(space.migrate(address, PAGE, leaks.manager().hostPool()).moved()).as("the device still works")
                    .isOne();
            assertThat(space.migrate(address, PAGE, device.pool()).moved()).isOne();
            assertThat(far.load(attachment.mirror(), address)).isEqualTo(1);
            device.close();
            assertThat(device.isClosed()).isTrue();
            assertThat(far.count(Call.DETACHED)).isOne();
            expect(space);
        }
    }

    /** Every page can still be reached without the driver, so the device is closed; but the driver never hears of it. */
    @Test
    void closeSaysSoIfItHadToLeaveTheDriverOpen() {
        near.mayEndBadly();
        Device device = leaks.manager().device("near");
        try (AddressSpace space = filled("used")) {
            near.load(device.attach(space).mirror(), address);
            space.migrate(address, PAGES * PAGE, device.pool());
            for (int i = 1; i <= 100; i++) {
                near.on(Call.START, i, RecordingDriver::failing);
            }
            assertThatExceptionOfType(DriverFailedException.class).isThrownBy(device::close)
                    .withMessageContainingAll("device=near", "operation=close", "code=" + RecordingDriver.CODE,
                            "the device is closed", "its driver is not")
                    .withStackTraceContaining("on fire");
            assertThat(device.isClosed()).isTrue();
            assertThat(device.isLost()).isTrue();
            assertThat(near.count(Call.DETACHED) + near.count(Call.CLOSE)).as("a lost driver is not called").isZero();
            expect(space);
            device.close();
        }
    }

    @Test
    void spacesOfADeviceThatWasGivenUpCanBeClosed() {
        far.mayEndBadly();
        Device device = leaks.manager().device("far");
        AddressSpace space = filled("used");
        device.attach(space);
        space.migrate(address, PAGE, device.pool());
        for (int i = 1; i <= 100; i++) {
            far.on(Call.START, i, RecordingDriver::failing);
        }
        assertThatExceptionOfType(DriverFailedException.class).isThrownBy(device::close);
        assertThatExceptionOfType(DriverFailedException.class).isThrownBy(space::close);
        device.giveUp();
        assertThatExceptionOfType(DriverFailedException.class).isThrownBy(() -> space.getLong(address))
                .withMessageContaining("lost");
        space.close();
        device.close();
        assertThat(device.isClosed()).isTrue();
        assertThat(far.count(Call.CLOSE)).as("a lost driver is not called").isZero();
        assertThatExceptionOfType(DeviceClosedException.class).isThrownBy(device::giveUp);
    }
}
