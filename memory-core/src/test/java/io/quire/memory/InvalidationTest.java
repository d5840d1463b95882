package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.Translations;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.RecordingDriver.Call;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which invalidations devices receive, for which pages and when, and when they receive none. */
@Tag("portable")
class InvalidationTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 6;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(16);

    @Order(2)
    @RegisterExtension
    final RecordingDriver.Private far = new RecordingDriver.Private(16);

    @Order(3)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).device("near", near)
            .device("far", far).watermarks(0, 0).backgroundAgent(false).leakTracking(true));

    private AddressSpace space;
    private long address;
    private DeviceMirror nearMirror;
    private DeviceMirror farMirror;

    @BeforeEach
    void attach() {
        space = leaks.manager().newAddressSpace("mirrored");
        address = space.map(PAGES * PAGE);
        nearMirror = leaks.manager().device("near").attach(space).mirror();
        farMirror = leaks.manager().device("far").attach(space).mirror();
    }

    @AfterEach
    void everyWindowWasClosed() {
        space.close();
        for (RecordingDriver driver : List.of(near, far)) {
            assertThat(driver.count(Call.END)).isEqualTo(driver.count(Call.START));
            assertThat(driver.isAnyWindowOpen()).isFalse();
        }
    }

    /** Gives a device a writable translation of each page, and clears the record of earlier invalidations. */
    private void mapAll(RecordingDriver driver, DeviceMirror mirror) {
        for (int i = 0; i < PAGES; i++) {
            driver.store(mirror, address + i * PAGE, i + 1L);
        }
        near.takeStarted();
        far.takeStarted();
    }

    private static void assertOnly(List<Invalidation> told, InvalidationKind kind, long start, long end, int owner) {
        assertThat(told).singleElement().satisfies(one -> {
            assertThat(one.kind()).isEqualTo(kind);
            assertThat(one.start()).isEqualTo(start);
            assertThat(one.end()).isEqualTo(end);
            assertThat(one.owner()).isEqualTo(owner);
            assertThat(one.mayBlock()).isTrue();
        });
    }

    @Test
    void deviceIsToldTheKindAndRangeOfAChangeOfMappings() {
        mapAll(near, nearMirror);
        space.protect(address + PAGE, 2 * PAGE, Protection.READ_ONLY);
        assertOnly(near.takeStarted(), InvalidationKind.PROTECTION_VMA, address + PAGE, address + 3 * PAGE, 0);
        assertThat(near.hasTranslation(nearMirror, address)).isTrue();
        assertThat(near.hasTranslation(nearMirror, address + PAGE)).isFalse();
        space.discard(address + 3 * PAGE, PAGE);
        assertOnly(near.takeStarted(), InvalidationKind.CLEAR, address + 3 * PAGE, address + 4 * PAGE, 0);
        assertThat(near.load(nearMirror, address + 3 * PAGE)).isZero();
        space.unmap(address + 4 * PAGE, 2 * PAGE);
        assertOnly(near.takeStarted(), InvalidationKind.UNMAP, address + 4 * PAGE, address + 6 * PAGE, 0);
        assertThat(far.takeStarted()).as("a device that has mapped nothing").isEmpty();
    }

    @Test
    void forkInvalidatesOnceAndOnlyDevicesThatMayWrite() {
        mapAll(near, nearMirror);
        assertThat(far.load(farMirror, address)).isEqualTo(1);
        try (AddressSpace fork = space.fork(); AddressSpace second = space.fork()) {
            assertOnly(near.takeStarted(), InvalidationKind.PROTECTION_PAGE, 0, Long.MAX_VALUE, 0);
            assertThat(far.takeStarted()).isEmpty();
            assertThat(far.hasTranslation(farMirror, address)).isTrue();
            near.store(nearMirror, address, 9);
            assertThat(far.takeKinds()).as("the frame of the page that the device reads changed")
                    .contains(InvalidationKind.CLEAR);
            assertThat(far.load(farMirror, address)).isEqualTo(9);
            assertThat(fork.getLong(address)).isEqualTo(second.getLong(address)).isEqualTo(1);
        }
    }

    @Test
    void forksOfAnotherSpaceInvalidateNothing() {
        mapAll(near, nearMirror);
        try (AddressSpace fork = space.fork()) {
            near.takeStarted();
            fork.setLong(address, 5);
            fork.fork().close();
            fork.snapshot().close();
            fork.discard(address, PAGE);
            fork.unmap(address, PAGES * PAGE);
            assertThat(near.takeStarted()).isEmpty();
        }
        assertThat(near.load(nearMirror, address)).isEqualTo(1);
    }

    @Test
    void firstFaultsAndReuseInPlaceInvalidateNothing() {
        for (int i = 0; i < PAGES; i++) {
            space.setLong(address + i * PAGE, 1);
            near.store(nearMirror, address + i * PAGE, 2);
            far.store(farMirror, address + i * PAGE, 3);
        }
        assertThat(near.takeStarted()).isEmpty();
        assertThat(far.takeStarted()).isEmpty();
        space.fork().close();
        assertThat(near.takeKinds()).containsExactly(InvalidationKind.PROTECTION_PAGE);
        while (leaks.manager().reclaim(100) > 0) {
            // until the fork is gone
        }
        far.takeStarted();
        space.setLong(address, 4);
        near.store(nearMirror, address + PAGE, 5);
        assertThat(near.takeStarted()).isEmpty();
        assertThat(far.takeStarted()).isEmpty();
    }

    @Test
    void deviceWithoutTranslationsIsLeftAlone() {
        space.fill(address, PAGES * PAGE, (byte) 1);
        space.fork().close();
        space.protect(address, PAGE, Protection.NONE);
        space.protect(address, PAGE, Protection.READ_WRITE);
        space.discard(address, PAGE);
        space.migrate(address, PAGES * PAGE, leaks.manager().pool("near"));
        try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
            assertThat(pin.term()).isEqualTo(PinTerm.SHORT);
        }
        assertThat(far.takeStarted()).isEmpty();
    }

    @Test
    void firstWriteToAPageInvalidatesTheZerosThatADeviceReads() {
        assertThat(near.load(nearMirror, address)).isZero();
        assertThat(near.load(nearMirror, address + PAGE)).isZero();
        assertThat(space.pageState(address).place()).isEqualTo(PageState.Place.EMPTY);
        space.setLong(address + 2 * PAGE, 1);
        assertThat(near.takeStarted()).as("a write to another page").isEmpty();
        space.setLong(address, 1);
        assertOnly(near.takeStarted(), InvalidationKind.CLEAR, address, address + PAGE, 0);
        assertThat(near.load(nearMirror, address)).isEqualTo(1);
        far.store(farMirror, address + PAGE, 2);
        assertThat(near.takeKinds()).containsExactly(InvalidationKind.CLEAR);
        assertThat(near.load(nearMirror, address + PAGE)).isEqualTo(2);
        space.setLong(address + PAGE, 3);
        assertThat(near.takeStarted()).as("a second write").isEmpty();
    }

    @Test
    void zerosReadThroughAForkAreInvalidatedForTheReaderOnly() {
        try (AddressSpace fork = space.fork();
                Attachment attachment = leaks.manager().device("near").attach(fork)) {
            assertThat(near.load(attachment.mirror(), address)).isZero();
            space.setLong(address, 1);
            assertThat(near.takeStarted()).isEmpty();
            fork.setLong(address, 2);
            assertThat(near.takeKinds()).containsExactly(InvalidationKind.CLEAR);
            assertThat(near.load(attachment.mirror(), address)).isEqualTo(2);
        }
    }

    @Test
    void fillingAnEmptyPageOnADeviceInvalidatesTheZerosOfItsReaders() {
        assertThat(near.load(nearMirror, address)).isZero();
        assertThat(space.migrate(address, PAGE, leaks.manager().pool("far")).moved()).isOne();
        assertThat(near.takeKinds()).containsExactly(InvalidationKind.CLEAR);
        far.store(farMirror, address, 8);
        assertThat(near.load(nearMirror, address)).isEqualTo(8);
        assertThat(space.pageState(address).place()).as("the place that the other device cannot reach")
                .isEqualTo(PageState.Place.HOST);
    }

    @Test
    void migrationInvalidatesTwiceADeviceThatAsksInBetween() {
        mapAll(near, nearMirror);
        int owner = leaks.manager().device("far").id();
        far.on(Call.COPY_TO_DEVICE, 1, () -> RecordingDriver.elsewhere(() -> {
            assertThat(near.load(nearMirror, address)).as("the page before the move").isEqualTo(1);
            return true;
        }));
        assertThat(space.migrate(address, PAGES * PAGE, leaks.manager().pool("far")).moved()).isEqualTo(PAGES);
        assertThat(near.hasTranslation(nearMirror, address)).as("a translation of the old frame").isFalse();
        List<Invalidation> told = near.takeStarted();
        assertThat(told).extracting(Invalidation::kind).containsExactly(InvalidationKind.MIGRATE,
                InvalidationKind.CLEAR);
        assertThat(told).allSatisfy(one -> {
            assertThat(one.start()).isEqualTo(address);
            assertThat(one.end()).isEqualTo(address + PAGES * PAGE);
            assertThat(one.owner()).isEqualTo(owner);
        });
    }

    @Test
    void migrationInvalidatesOnceADeviceThatAsksForNothingMeanwhile() {
        mapAll(near, nearMirror);
        assertThat(space.migrate(address, PAGES * PAGE, leaks.manager().pool("far")).moved()).isEqualTo(PAGES);
        assertThat(near.takeKinds()).containsExactly(InvalidationKind.MIGRATE);
        assertThat(near.hasTranslation(nearMirror, address)).isFalse();
        assertThat(far.count(Call.MAPPED)).isOne();
        assertThat(far.hasTranslation(farMirror, address)).isTrue();
        assertThat(space.getLong(address)).isEqualTo(1);
        assertThat(far.takeKinds()).containsExactly(InvalidationKind.MIGRATE);
        assertThat(far.hasTranslation(farMirror, address)).isFalse();
        assertThat(far.hasTranslation(farMirror, address + PAGE)).isTrue();
    }

    @Test
    void deviceThatFirstAsksDuringAMigrationIsToldOfItsEnd() {
        space.setLong(address, 5);
        far.on(Call.COPY_TO_DEVICE, 1, () -> RecordingDriver.elsewhere(() -> near.load(nearMirror, address) == 5));
        assertThat(space.migrate(address, PAGE, leaks.manager().pool("far")).moved()).isOne();
        assertThat(near.takeKinds()).as("the device had mapped nothing when the migration began")
                .containsExactly(InvalidationKind.CLEAR);
        assertThat(near.hasTranslation(nearMirror, address)).isFalse();
    }

    @Test
    void migrationInvalidatesTheDevicesOfAllForks() {
        mapAll(near, nearMirror);
        try (AddressSpace fork = space.fork();
                Attachment attachment = leaks.manager().device("far").attach(fork)) {
            assertThat(far.load(attachment.mirror(), address)).isEqualTo(1);
            assertThat(near.load(nearMirror, address)).isEqualTo(1);
            near.takeStarted();
            space.migrate(address, PAGE, leaks.manager().pool("near"));
            assertThat(near.takeKinds()).containsExactly(InvalidationKind.MIGRATE);
            assertThat(far.takeKinds()).containsExactly(InvalidationKind.MIGRATE);
            assertThat(far.load(attachment.mirror(), address)).isEqualTo(1);
        }
    }

    @Test
    void closeReleasesEverythingAndDetachReleasesOneDevice() {
        mapAll(near, nearMirror);
        assertThat(far.load(farMirror, address)).isEqualTo(1);
        try (AddressSpace fork = space.fork()) {
            Attachment nearFork = leaks.manager().device("near").attach(fork);
            Attachment farFork = leaks.manager().device("far").attach(fork);
            near.takeStarted();
            farFork.close();
            assertOnly(far.takeStarted(), InvalidationKind.RELEASE, 0, Long.MAX_VALUE, 0);
            assertThat(near.takeStarted()).isEmpty();
            assertThat(nearFork.mirror().spaceName()).isEqualTo(fork.name());
        }
        assertOnly(near.takeStarted(), InvalidationKind.RELEASE, 0, Long.MAX_VALUE, 0);
    }

    @Test
    void answerThatAnInvalidationOvertookIsNotInstalled() {
        space.setLong(address, 1);
        Translations early = nearMirror.fault(address, 1, DeviceAccess.READ);
        assertThat(near.install(nearMirror, early)).isTrue();
        Translations late = nearMirror.fault(address, 1, DeviceAccess.WRITE);
        space.discard(address + PAGE, PAGE);
        assertThat(near.install(nearMirror, late)).as("an invalidation of any range makes the answer outdated")
                .isFalse();
        assertThat(near.install(nearMirror, nearMirror.fault(address, 1, DeviceAccess.WRITE))).isTrue();
    }

    @Test
    void faultOfManyPagesIsOneAnswerInOrder() {
        space.setLong(address + PAGE, 1);
        Translations answer = nearMirror.fault(address, PAGES, DeviceAccess.READ);
        assertThat(answer.pages()).hasSize(PAGES);
        for (int i = 0; i < PAGES; i++) {
            assertThat(answer.pages().get(i).address()).isEqualTo(address + i * PAGE);
            assertThat(answer.pages().get(i).access()).isEqualTo(DeviceAccess.READ);
            assertThat(answer.pages().get(i).frame()).isEqualTo(-1);
        }
        assertThat(space.pageState(address).place()).as("a read gives no frame").isEqualTo(PageState.Place.EMPTY);
        long wide = space.map(600 * PAGE);
        assertThat(nearMirror.fault(wide, 600, DeviceAccess.READ).pages()).hasSize(600);
    }

    @Test
    void noFaultIsAnsweredWhileAWindowIsOpen() throws InterruptedException {
        mapAll(near, nearMirror);
        AtomicBoolean answered = new AtomicBoolean();
        AtomicBoolean tooEarly = new AtomicBoolean();
        Thread[] device = new Thread[1];
        near.on(Call.START, 1, () -> {
            device[0] = Thread.ofPlatform().daemon().start(() -> {
                nearMirror.fault(address, 1, DeviceAccess.WRITE);
                answered.set(true);
            });
            joinShortly(device[0]);
            tooEarly.set(answered.get());
            return true;
        });
        near.on(Call.END, 1, () -> {
            joinShortly(device[0]);
            tooEarly.set(tooEarly.get() || answered.get());
            return true;
        });
        space.discard(address + PAGE, PAGE);
        device[0].join();
        assertThat(answered).isTrue();
        assertThat(tooEarly).isFalse();
    }

    private static void joinShortly(Thread thread) {
        try {
            thread.join(50);
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
