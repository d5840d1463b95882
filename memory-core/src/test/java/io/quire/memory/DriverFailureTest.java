package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.QuietLog;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.RecordingDriver.Call;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drivers throw, refuse or hang: the operation fails, names the device, and leaves the space as it was. */
@Tag("portable")
class DriverFailureTest {

    @RegisterExtension
    final QuietLog quiet = new QuietLog();

    private static final long PAGE = 4096;
    private static final int PAGES = 6;
    private static final Duration DEADLINE = Duration.ofMillis(400);

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent coherent = new RecordingDriver.Coherent(32);

    @Order(2)
    @RegisterExtension
    final RecordingDriver.Private secret = new RecordingDriver.Private(32);

    @Order(3)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).device("near", coherent)
            .device("far", secret).watermarks(0, 0).driverDeadline(DEADLINE).backgroundAgent(false)
            .leakTracking(true));

    /**
     * What a failed operation must not change: the places of the pages, their content, and the number of free frames.
     */
    private record Look(List<PageState.Place> places, List<Long> words, long hostFree, long nearFree, long farFree) {
    }

    private long address;

    private Look look(AddressSpace space) {
        List<PageState.Place> places = IntStream.range(0, PAGES)
                .mapToObj(i -> space.pageState(address + i * PAGE).place()).toList();
        List<Long> words = IntStream.range(0, PAGES)
                .filter(i -> places.get(i) != PageState.Place.DEVICE_PRIVATE) // a read would bring the page home
                .mapToObj(i -> space.getLong(address + i * PAGE)).toList();
        return new Look(places, words, free("host"), free("near"), free("far"));
    }

    private long free(String pool) {
        while (leaks.manager().reclaim(100) > 0) {
            // destroys what refused forks have left
        }
        return leaks.manager().pool(pool).freeBytes();
    }

    private AddressSpace filled() {
        AddressSpace space = leaks.manager().newAddressSpace("filled");
        address = space.map(PAGES * PAGE);
        for (int i = 0; i < PAGES - 1; i++) { // the last page stays empty
            space.setLong(address + i * PAGE, i + 1L);
        }
        return space;
    }

    private void expect(AddressSpace space) {
        for (int i = 0; i < PAGES; i++) {
            assertThat(space.getLong(address + i * PAGE)).isEqualTo(i == PAGES - 1 ? 0 : i + 1L);
        }
    }

    private RecordingDriver driver(String name) {
        return name.equals("near") ? coherent : secret;
    }

    /** Asserts that a device makes an operation fail, with the error code of its driver. */
    private static void assertFails(String device, Runnable operation) {
        assertThatExceptionOfType(DriverFailedException.class).isThrownBy(operation::run)
                .withMessageContainingAll("device=" + device, "code=" + RecordingDriver.CODE, "on fire")
                .satisfies(failed -> assertThat(failed.device()).isEqualTo(device))
                .satisfies(failed -> assertThat(failed.code()).isEqualTo(RecordingDriver.CODE));
    }

    // ---- drivers that throw

    /** Changes of a space that its mirrors are told about. */
    private enum Change {
        FORK {
            @Override
            void apply(AddressSpace space, long address, MemoryManager memory) {
                space.fork().close();
            }
        },
        PROTECT {
            @Override
            void apply(AddressSpace space, long address, MemoryManager memory) {
                space.protect(address, 2 * PAGE, Protection.NONE);
            }
        },
        DISCARD {
            @Override
            void apply(AddressSpace space, long address, MemoryManager memory) {
                space.discard(address, 2 * PAGE);
            }
        },
        UNMAP {
            @Override
            void apply(AddressSpace space, long address, MemoryManager memory) {
                space.unmap(address, 2 * PAGE);
            }
        },
        MIGRATE_NEAR {
            @Override
            void apply(AddressSpace space, long address, MemoryManager memory) {
                space.migrate(address, PAGES * PAGE, memory.pool("near"));
            }
        },
        MIGRATE_FAR {
            @Override
            void apply(AddressSpace space, long address, MemoryManager memory) {
                space.migrate(address, PAGES * PAGE, memory.pool("far"));
            }
        },
        FIRST_WRITE {
            @Override
            void apply(AddressSpace space, long address, MemoryManager memory) {
                space.setLong(address + (PAGES - 1) * PAGE, 1);
            }
        },
        CLOSE {
            @Override
            void apply(AddressSpace space, long address, MemoryManager memory) {
                space.close();
            }
        };

        abstract void apply(AddressSpace space, long address, MemoryManager memory);
    }

    @ParameterizedTest
    @EnumSource
    void changeIsNotMadeIfADriverFailsToInvalidate(Change change) {
        for (String name : List.of("near", "far")) {
            try (AddressSpace space = filled();
                    Attachment near = leaks.manager().device("near").attach(space);
                    Attachment far = leaks.manager().device("far").attach(space)) {
                work(near.mirror(), far.mirror());
                Look before = look(space);
                driver(name).on(Call.START, 1, RecordingDriver::failing);
                assertFails(name, () -> change.apply(space, address, leaks.manager()));
                assertThat(coherent.isAnyWindowOpen()).isFalse();
                assertThat(secret.isAnyWindowOpen()).isFalse();
                assertThat(look(space)).isEqualTo(before);
                assertThat(secret.load(far.mirror(), address)).isEqualTo(1);
                expect(space);
            }
        }
    }

    /** Gives both devices translations for writing, and translations of zeros. */
    private void work(DeviceMirror near, DeviceMirror far) {
        coherent.store(near, address + 3 * PAGE, 4);
        secret.store(far, address + 4 * PAGE, 5);
        coherent.load(near, address + (PAGES - 1) * PAGE);
        secret.load(far, address + (PAGES - 1) * PAGE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"near", "far"})
    void migrationThatADriverFailsToInvalidateLeavesNoMarkAndNoHold(String name) {
        try (AddressSpace space = filled();
                Attachment near = leaks.manager().device("near").attach(space);
                Attachment far = leaks.manager().device("far").attach(space)) {
            coherent.load(near.mirror(), address);
            secret.load(far.mirror(), address);
            Look before = look(space);
            driver(name).on(Call.START, 1, RecordingDriver::failing);
            assertFails(name, () -> space.migrate(address, PAGES * PAGE, leaks.manager().pool("far")));
            assertThat(coherent.isAnyWindowOpen()).isFalse();
            assertThat(secret.isAnyWindowOpen()).isFalse();
            assertThat(look(space)).isEqualTo(before);
            assertThat(space.pageState(address).writable()).isTrue();
            assertThat(space.pageState(address).pinned()).isFalse();
            expect(space);
            assertThat(space.migrate(address, PAGES * PAGE, leaks.manager().pool("far")).isComplete()).isTrue();
            expect(space);
        }
    }

    @Test
    void secondInvalidationOfAMigrationCanFailToo() {
        try (AddressSpace space = filled(); Attachment attachment = leaks.manager().device("near").attach(space)) {
            coherent.load(attachment.mirror(), address);
            Look before = look(space);
            secret.on(Call.COPY_TO_DEVICE, 1,
                    () -> RecordingDriver.elsewhere(() -> coherent.load(attachment.mirror(), address) == 1));
            coherent.on(Call.START, 2, RecordingDriver::failing);
            assertFails("near", () -> space.migrate(address, PAGES * PAGE, leaks.manager().pool("far")));
            assertThat(look(space)).isEqualTo(before);
            expect(space);
            space.setLong(address, 1);
            assertThat(space.migrate(address, PAGES * PAGE, leaks.manager().pool("far")).isComplete()).isTrue();
            expect(space);
        }
    }

    @Test
    void refusalOfOneFrameOfABatchLeavesOnlyOnePageBehind() {
        MemoryPool near = leaks.manager().pool("near");
        try (AddressSpace space = filled()) {
            for (int nth = 1; nth < PAGES; nth++) {
                coherent.on(Call.FRAME_ALLOCATED, nth, () -> false);
                MigrationReport report = space.migrate(address, (PAGES - 1) * PAGE, near);
                assertThat(report.count(PageOutcome.NO_FREE_FRAME)).isOne();
                assertThat(report.outcome(address + (nth - 1) * PAGE)).isEqualTo(PageOutcome.NO_FREE_FRAME);
                ManagerCheck.awaitTold(leaks.manager());
                assertThat(coherent.usedFrames()).isEqualTo(PAGES - 2);
                expect(space);
                space.migrate(address, (PAGES - 1) * PAGE, leaks.manager().hostPool());
                ManagerCheck.awaitTold(leaks.manager());
                assertThat(coherent.usedFrames()).isZero();
            }
        }
    }

    @Test
    void driverThatThrowsForABatchHasGrantedNoneAndIsAskedForOtherFrames() {
        MemoryPool near = leaks.manager().pool("near");
        try (AddressSpace space = filled()) {
            Look before = look(space);
            for (int nth = 1; nth < PAGES; nth++) {
                coherent.on(Call.FRAME_ALLOCATED, nth, RecordingDriver::failing);
                assertThat(space.migrate(address, (PAGES - 1) * PAGE, near).count(PageOutcome.NO_FREE_FRAME)).isOne();
                ManagerCheck.awaitTold(leaks.manager());
                assertThat(coherent.usedFrames()).isEqualTo(PAGES - 2);
                space.migrate(address, (PAGES - 1) * PAGE, leaks.manager().hostPool());
                ManagerCheck.awaitTold(leaks.manager());
                assertThat(coherent.usedFrames()).isZero();
                assertThat(look(space)).isEqualTo(before);
            }
            assertThat(space.migrate(address, (PAGES - 1) * PAGE, near).moved()).isEqualTo(PAGES - 1);
            for (int nth = 1; nth <= 2; nth++) { // the nth of several frames that are released together
                coherent.on(Call.FRAME_FREED, nth, RecordingDriver::failing);
            }
            assertThat(space.migrate(address, (PAGES - 1) * PAGE, leaks.manager().hostPool()).moved())
                    .isEqualTo(PAGES - 1);
            ManagerCheck.awaitTold(leaks.manager());
            assertThat(coherent.usedFrames()).as("the driver was told of every free frame").isZero();
            assertThat(look(space)).isEqualTo(before);
        }
    }

    @Test
    void copyThatFailsLeavesThePagesWhereTheyWere() {
        MemoryPool far = leaks.manager().pool("far");
        try (AddressSpace space = filled(); AddressSpace fork = space.fork()) {
            Look before = look(space);
            for (int nth = 1; nth < PAGES; nth++) {
                secret.on(Call.COPY_TO_DEVICE, nth, RecordingDriver::failing);
                assertFails("far", () -> space.migrate(address, PAGES * PAGE, far));
                assertThat(look(space)).isEqualTo(before);
            }
            secret.on(Call.ZERO, 1, RecordingDriver::failing);
            assertFails("far", () -> fork.migrate(address + (PAGES - 1) * PAGE, PAGE, far));
            assertThat(look(space)).isEqualTo(before);
            assertThat(space.migrate(address, PAGES * PAGE, far).moved()).isEqualTo(PAGES);
            before = look(space);
            for (Runnable access : List.<Runnable>of(() -> space.getLong(address), () -> fork.getLong(address),
                    () -> space.setLong(address, 9), () -> space.fill(address, 3 * PAGE, (byte) 9),
                    () -> space.migrate(address, PAGE, leaks.manager().hostPool()),
                    () -> leaks.manager().evict(far, 1))) {
                secret.on(Call.COPY_TO_HOST, 1, RecordingDriver::failing);
                assertFails("far", access);
                assertThat(look(space)).isEqualTo(before);
            }
            expect(space);
            expect(fork);
        }
    }

    @Test
    void writeOfADeviceWhoseCopyFailsChangesNothing() {
        MemoryPool far = leaks.manager().pool("far");
        try (AddressSpace space = filled(); Attachment attachment = leaks.manager().device("far").attach(space)) {
            space.migrate(address, PAGES * PAGE, far);
            try (AddressSpace fork = space.fork()) {
                Look before = look(space);
                secret.on(Call.COPY_TO_HOST, 1, RecordingDriver::failing);
                assertFails("far", () -> secret.store(attachment.mirror(), address, 9));
                assertThat(look(space)).isEqualTo(before);
                assertThat(secret.load(attachment.mirror(), address)).isEqualTo(1);
                expect(fork);
            }
            expect(space);
        }
    }

    @Test
    void deviceThatFailsToAttachIsNotAttached() {
        Device near = leaks.manager().device("near");
        try (AddressSpace space = filled()) {
            List<DeviceMirror> refused = new ArrayList<>();
            coherent.onAttached(mirror -> {
                refused.add(mirror);
                RecordingDriver.failing();
            });
            assertFails("near", () -> near.attach(space));
            assertThatExceptionOfType(ClosedException.class)
                    .isThrownBy(() -> refused.getFirst().fault(address, 1, DeviceAccess.WRITE));
            coherent.onAttached(_ -> {});
            try (Attachment attachment = near.attach(space)) {
                assertThat(coherent.load(attachment.mirror(), address)).isEqualTo(1);
            }
        }
    }

    @Test
    void failedEndOfAWindowFailsNoOperation() {
        try (AddressSpace space = filled(); Attachment attachment = leaks.manager().device("near").attach(space)) {
            coherent.store(attachment.mirror(), address, 1);
            coherent.on(Call.END, 1, RecordingDriver::failing);
            try (AddressSpace fork = space.fork()) {
                expect(fork);
            }
            expect(space);
        }
    }

    @Test
    void driverThatFailsInANotificationFailsNoOperation() {
        MemoryPool near = leaks.manager().pool("near");
        try (AddressSpace space = filled(); Attachment attachment = leaks.manager().device("near").attach(space)) {
            coherent.on(Call.MAPPED, 1, RecordingDriver::failing);
            assertThat(space.migrate(address, PAGES * PAGE, near).moved()).isEqualTo(PAGES);
            coherent.on(Call.MAPPED, 1, RecordingDriver::failing);
            attachment.makeExclusive(address, PAGE);
            assertThat(attachment.exclusivePages()).isOne();
            expect(space);
        }
    }

    @Test
    void allDriversAreToldToDetachThoughOneFails() {
        AddressSpace space = filled();
        Attachment near = leaks.manager().device("near").attach(space);
        leaks.manager().device("far").attach(space);
        coherent.on(Call.DETACHED, 1, RecordingDriver::failing);
        try {
            space.close();
        } catch (DriverFailedException failed) {
            assertThat(failed.device()).isEqualTo("near");
        }
        assertThat(space.isClosed()).isTrue();
        assertThat(coherent.count(Call.DETACHED)).isOne();
        assertThat(secret.count(Call.DETACHED)).isOne();
        near.close();
    }

    @Test
    void failureDuringTheChoiceOfVictimsLosesNoPage() {
        MemoryPool near = leaks.manager().pool("near");
        try (AddressSpace space = filled(); Attachment attachment = leaks.manager().device("near").attach(space)) {
            space.migrate(address, PAGES * PAGE, near);
            assertThat(coherent.load(attachment.mirror(), address)).isEqualTo(1);
            coherent.on(Call.LOOK_FOR_USE, 3, RecordingDriver::failing);
            assertFails("near", () -> leaks.manager().evict(near, PAGES));
            assertThat(leaks.manager().evict(near, PAGES).moved()).isEqualTo(PAGES);
            assertThat(near.freeBytes()).isEqualTo(near.sizeBytes());
            expect(space);
        }
    }

    @Test
    void failureOfOneVictimLosesNoOtherPage() {
        MemoryPool far = leaks.manager().pool("far");
        try (AddressSpace space = filled(); AddressSpace other = leaks.manager().newAddressSpace()) {
            long there = other.map(PAGES * PAGE);
            assertThat(there).isEqualTo(address);
            for (int i = 0; i < PAGES - 1; i++) {
                other.setLong(there + i * PAGE, i + 1L);
            }
            space.migrate(address, PAGES * PAGE, far);
            other.migrate(address, PAGES * PAGE, far);
            secret.on(Call.COPY_TO_HOST, 1, RecordingDriver::failing);
            assertFails("far", () -> leaks.manager().evict(far, 2 * PAGES));
            assertThat(leaks.manager().evict(far, 2 * PAGES).moved()).isEqualTo(2 * PAGES);
            assertThat(far.freeBytes()).isEqualTo(far.sizeBytes());
            expect(space);
            expect(other);
        }
    }

    // ---- drivers that refuse

    @Test
    void deviceThatRefusesAFrameIsFull() {
        for (String name : List.of("near", "far")) {
            try (AddressSpace space = filled()) {
                driver(name).on(Call.FRAME_ALLOCATED, 3, () -> false);
                driver(name).on(Call.FRAME_ALLOCATED, 4, RecordingDriver::failing);
                MigrationReport report = space.migrate(address, PAGES * PAGE, leaks.manager().pool(name));
                assertThat(report.count(PageOutcome.NO_FREE_FRAME)).isEqualTo(2);
                assertThat(report.moved()).isEqualTo(PAGES - 2);
                expect(space);
            }
            assertThat(free(name)).isEqualTo(32 * PAGE);
            ManagerCheck.awaitTold(leaks.manager());
            assertThat(driver(name).usedFrames()).isZero();
        }
    }

    @Test
    void driverThatRefusesABlockingInvalidationFails() {
        try (AddressSpace space = filled(); Attachment attachment = leaks.manager().device("near").attach(space)) {
            coherent.store(attachment.mirror(), address, 1);
            coherent.on(Call.START, 1, () -> false);
            assertThatExceptionOfType(DriverFailedException.class).isThrownBy(space::fork)
                    .withMessageContainingAll("device=near", "refused");
            assertThat(coherent.load(attachment.mirror(), address)).isEqualTo(1);
            space.fork().close();
            expect(space);
        }
    }

    @Test
    void driverThatRefusesANonBlockingInvalidationKeepsItsPage() {
        MemoryPool near = leaks.manager().pool("near");
        try (AddressSpace space = filled(); Attachment attachment = leaks.manager().device("near").attach(space)) {
            space.migrate(address, PAGES * PAGE, near);
            coherent.store(attachment.mirror(), address, 1);
            long filler = space.map(26 * PAGE);
            space.migrate(filler, 26 * PAGE, near);
            coherent.takeStarted();
            assertThat(near.freeBytes()).isZero();
            for (int i = 1; i <= 8; i++) {
                coherent.on(Call.START, i, () -> false);
            }
            long more = space.map(PAGE);
            space.setLong(more, 3);
            MigrationReport report = space.migrate(more, PAGE, near);
            assertThat(report.toString()).isNotEmpty();
            assertThat(coherent.count(Call.START)).isPositive();
            expect(space);
            for (int i = 0; i < 10; i++) { // until no refusals are left
                try {
                    space.protect(more, PAGE, Protection.READ_WRITE);
                } catch (DriverFailedException refused) {
                    assertThat(refused.device()).isEqualTo("near");
                }
            }
            assertThat(coherent.load(attachment.mirror(), address)).isEqualTo(1);
            expect(space);
        }
    }

    // ---- drivers that do not return

    @Test
    void deviceThatDoesNotAnswerIsLostAndItsCloseLetsTheSpaceGoOn() {
        Device near = leaks.manager().device("near");
        coherent.mayEndBadly();
        try (AddressSpace space = filled(); Attachment attachment = near.attach(space)) {
            space.migrate(address, 3 * PAGE, near.pool());
            coherent.store(attachment.mirror(), address, 1);
            Look before = look(space);
            coherent.on(Call.START, 1, coherent::hanging);
            assertThatExceptionOfType(DriverFailedException.class).isThrownBy(space::fork)
                    .withMessageContainingAll("device=near", "400 ms", "lost");
            expect(space);
            long start = System.nanoTime();
            for (Runnable operation : List.<Runnable>of(space::fork, () -> space.unmap(address, PAGE),
                    () -> space.discard(address, PAGE), () -> space.protect(address, PAGE, Protection.NONE),
                    space::close, () -> attach(near))) {
                assertThatExceptionOfType(DriverFailedException.class).isThrownBy(operation::run)
                        .withMessageContainingAll("device=near", "lost");
            }
            assertThat(System.nanoTime() - start).as("time of further calls, which must fail at once")
                    .isLessThan(TimeUnit.SECONDS.toNanos(2));
            expect(space);
            assertThatExceptionOfType(DriverFailedException.class)
                    .isThrownBy(() -> space.migrate(address + 4 * PAGE, PAGE, near.pool()))
                    .withMessageContainingAll("device=near", "operation=migrate", "lost");
            near.close();
            assertThat(near.isClosed()).isTrue();
            expect(space);
            space.fork().close();
            space.setLong(address, 1);
            Look after = look(space);
            assertThat(after.words()).isEqualTo(before.words());
            assertThat(after.places()).doesNotContain(PageState.Place.DEVICE_COHERENT);
            coherent.release();
        }
    }

    @Test
    void attachmentOfALostDeviceCanBeClosedAndItsSpaceGoesOn() {
        Device near = leaks.manager().device("near");
        coherent.mayEndBadly();
        try (AddressSpace space = filled()) {
            Attachment attachment = near.attach(space);
            space.migrate(address, 3 * PAGE, near.pool());
            coherent.store(attachment.mirror(), address, 1);
            coherent.on(Call.START, 1, coherent::hanging);
            assertThatExceptionOfType(DriverFailedException.class).isThrownBy(space::fork);
            assertThat(near.isLost()).isTrue();
            attachment.close();
            space.fork().close();
            space.discard(address + PAGE, PAGE);
            near.close();
            assertThat(near.isClosed()).isTrue();
            assertThat(space.getLong(address)).isEqualTo(1);
            coherent.release();
        }
    }

    /** Tries to attach a device to a new space. */
    private void attach(Device device) {
        try (AddressSpace space = leaks.manager().newAddressSpace("late");
                Attachment attachment = device.attach(space)) {
            assertThat(attachment.mirror().spaceName()).isEqualTo("late");
        }
    }

    @Test
    void frameOfALostCopyIsNotReusedAndTheDeviceCanStillBeClosed() {
        Device far = leaks.manager().device("far");
        secret.mayEndBadly();
        try (AddressSpace space = filled(); Attachment attachment = far.attach(space)) {
            secret.load(attachment.mirror(), address);
            Look before = look(space);
            secret.on(Call.COPY_TO_DEVICE, 2, secret::hanging);
            assertThatExceptionOfType(DriverFailedException.class)
                    .isThrownBy(() -> space.migrate(address, PAGES * PAGE, far.pool()))
                    .withMessageContainingAll("device=far", "copy", "lost");
            assertThat(look(space).places()).isEqualTo(before.places());
            assertThat(look(space).hostFree()).isEqualTo(before.hostFree());
            expect(space);
            far.close(Duration.ofMillis(500));
            assertThat(far.isClosed()).isTrue();
            space.setLong(address, 1);
            space.fork().close();
            expect(space);
            secret.release();
        }
    }

    @Test
    void pagesThatOnlyALostDeviceCouldReachStayUntilTheyAreGivenUp() {
        Device far = leaks.manager().device("far");
        secret.mayEndBadly();
        try (AddressSpace space = filled()) {
            space.migrate(address, PAGE, far.pool());
            try (AddressSpace other = leaks.manager().newAddressSpace(); Attachment attachment = far.attach(other)) {
                long there = other.map(PAGE);
                secret.store(attachment.mirror(), there, 1);
                secret.on(Call.START, 1, secret::hanging);
                assertThatExceptionOfType(DriverFailedException.class).isThrownBy(other::fork);
                assertThatExceptionOfType(DriverFailedException.class).isThrownBy(() -> space.getLong(address));
                assertThatExceptionOfType(DriverFailedException.class)
                        .isThrownBy(() -> far.close(Duration.ofMillis(100)));
                assertThat(far.isClosed()).isFalse();
                assertThat(space.pageState(address).place()).isEqualTo(PageState.Place.DEVICE_PRIVATE);
                other.setLong(there, 2); // the lost device need not be told
                space.discard(address, PAGE);
                far.close(Duration.ofMillis(500));
                assertThat(far.isClosed()).isTrue();
                assertThat(space.getLong(address)).isZero();
                assertThat(space.getLong(address + PAGE)).isEqualTo(2);
                secret.release();
            }
        }
    }

    @Test
    void driverThatHangsInItsCloseBlocksNoThread() {
        Device near = leaks.manager().device("near");
        coherent.on(Call.CLOSE, 1, coherent::hanging);
        try (AddressSpace space = filled()) {
            space.migrate(address, PAGES * PAGE, near.pool());
            assertThatExceptionOfType(DriverFailedException.class).isThrownBy(near::close)
                    .withMessageContaining("device=near");
            assertThat(near.isClosed()).isTrue();
            expect(space);
        }
    }

    @Test
    void lostDeviceWithPinnedPagesNamesThePins() {
        Device near = leaks.manager().device("near");
        try (AddressSpace space = filled()) {
            space.migrate(address, 2 * PAGE, near.pool());
            try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                assertThatExceptionOfType(PagesBusyException.class).isThrownBy(() -> near.close(DEADLINE))
                        .withMessageContainingAll("device=near", "pages=1", "waited=400 ms", "filled",
                                "DriverFailureTest");
                assertThat(pin.state(address).pinned()).isTrue();
            }
            expect(space);
        }
    }
}
