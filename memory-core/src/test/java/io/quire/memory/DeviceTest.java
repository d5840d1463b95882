package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.driver.IdleDriver;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Devices are registered with a manager and attached to spaces. */
@Tag("portable")
class DeviceTest {

    private static final long PAGE = 4096;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent coherent = new RecordingDriver.Coherent(16);

    @Order(2)
    @RegisterExtension
    final RecordingDriver.Private secret = new RecordingDriver.Private(16);

    @Order(3)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).device("near", coherent)
            .device("far", secret).watermarks(0, 0).backgroundAgent(false).leakTracking(true));

    // ---- registration

    /** A driver that is neither coherent nor private. */
    private static class Neither extends IdleDriver {
    }

    /** A driver with the memory that a test chooses. */
    private static final class WithMemory extends Neither implements CoherentDriver {

        private final Supplier<MemorySegment> memory;

        WithMemory(Supplier<MemorySegment> memory) {
            this.memory = memory;
        }

        @Override
        public MemorySegment memory() {
            return memory.get();
        }
    }

    /** A driver with the number of frames that a test chooses. */
    private static class WithFrames extends Neither implements PrivateDriver {

        private final int frames;

        WithFrames(int frames) {
            this.frames = frames;
        }

        @Override
        public int frames() {
            return frames;
        }

        @Override
        public void copyToDevice(MemorySegment source, int frame) {
        }

        @Override
        public void copyToHost(int frame, MemorySegment target) {
        }

        @Override
        public void zero(int frame) {
        }
    }

    /** A driver that is both coherent and private. */
    private static final class Both extends WithFrames implements CoherentDriver {

        Both() {
            super(1);
        }

        @Override
        public MemorySegment memory() {
            return Arena.ofAuto().allocate(PAGE, PAGE);
        }
    }

    private static MemoryManager.Builder small() {
        return MemoryManager.builder().hostPool(1 << 16).backgroundAgent(false);
    }

    @Test
    void driversOfNeitherOrBothKindsAreRefusedByName() {
        for (DeviceDriver driver : List.of(new Neither(), new Both())) {
            assertThatIllegalArgumentException().isThrownBy(() -> small().device("odd", driver).build())
                    .withMessageContainingAll("device=odd", "CoherentDriver", "PrivateDriver",
                            driver.getClass().getName());
        }
    }

    @Test
    void deviceMemoryMustBeWholeWritableNativePagesOfAllThreads() {
        MemorySegment pages = Arena.ofAuto().allocate(4 * PAGE, PAGE);
        List<Supplier<MemorySegment>> wrong = List.of(
                () -> MemorySegment.ofArray(new long[1024]),
                () -> MemorySegment.NULL,
                () -> pages.asSlice(0, 0),
                () -> pages.asSlice(8, PAGE),
                () -> pages.asSlice(0, PAGE + 8),
                () -> pages.asSlice(0, 8),
                pages::asReadOnly);
        for (Supplier<MemorySegment> memory : wrong) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> small().device("odd", new WithMemory(memory)).build())
                    .withMessageContainingAll("device=odd", "aligned", "memory=");
        }
        try (Arena confined = Arena.ofConfined()) {
            MemorySegment mine = confined.allocate(PAGE, PAGE);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> small().device("odd", new WithMemory(() -> mine)).build());
        }
    }

    @Test
    void privateDevicesHaveFrames() {
        for (int frames : new int[] {0, -1, Integer.MIN_VALUE}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> small().device("odd", new WithFrames(frames)).build());
        }
    }

    @Test
    void deviceNamesAreUniqueAndNeverHost() {
        DeviceDriver driver = new WithFrames(1);
        for (String name : List.of("host", "", "  ")) {
            assertThatIllegalArgumentException().isThrownBy(() -> small().device(name, driver));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> small().device("one", driver).device("one", driver))
                .withMessageContaining("name=one");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> small().device("one", driver).deviceCoherentPool("one", PAGE));
        for (long size : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> small().deviceCoherentPool("one", size));
        }
    }

    @Test
    void devicesAndPoolsAreFoundByNameAndInOrder() {
        MemoryManager memory = leaks.manager();
        assertThat(memory.devices()).extracting(Device::name).containsExactly("near", "far");
        assertThat(memory.pools()).extracting(MemoryPool::name).containsExactly("host", "near", "far");
        assertThat(memory.pools()).extracting(MemoryPool::kind).containsExactly(PoolKind.HOST,
                PoolKind.DEVICE_COHERENT, PoolKind.DEVICE_PRIVATE);
        assertThat(memory.device("near").id()).isPositive().isNotEqualTo(memory.device("far").id());
        assertThat(memory.device("far").pool().sizeBytes()).isEqualTo(16 * PAGE);
        assertThatIllegalArgumentException().isThrownBy(() -> memory.device("host"))
                .withMessageContainingAll("name=host", "near", "far");
        assertThatIllegalArgumentException().isThrownBy(() -> memory.pool("nowhere")).withMessageContaining("host");
    }

    // ---- attach and detach

    @Test
    void attachedDeviceReadsAndWritesWhatTheProcessorDoes() {
        for (RecordingDriver driver : List.of(coherent, secret)) {
            Device device = leaks.manager().device(driver == coherent ? "near" : "far");
            try (AddressSpace space = leaks.manager().newAddressSpace("worked on");
                    Attachment attachment = device.attach(space)) {
                DeviceMirror mirror = attachment.mirror();
                assertThat(mirror.spaceName()).isEqualTo("worked on");
                long address = space.map(4 * PAGE);
                assertThat(driver.load(mirror, address)).isZero();
                space.setLong(address, 5);
                assertThat(driver.load(mirror, address)).isEqualTo(5);
                driver.store(mirror, address, 6);
                assertThat(space.getLong(address)).isEqualTo(6);
                assertThat(space.migrate(address, 4 * PAGE, device.pool()).isComplete()).isTrue();
                ManagerCheck.awaitTold(leaks.manager());
                assertThat(driver.usedFrames()).isEqualTo(4);
                assertThat(driver.load(mirror, address)).isEqualTo(6);
                driver.store(mirror, address, 7);
                driver.store(mirror, address + PAGE, 8);
                assertThat(space.pageState(address).place()).isIn(PageState.Place.DEVICE_COHERENT,
                        PageState.Place.DEVICE_PRIVATE);
                try (AddressSpace fork = space.fork()) {
                    driver.store(mirror, address, 9);
                    assertThat(fork.getLong(address)).isEqualTo(7);
                    assertThat(fork.getLong(address + PAGE)).isEqualTo(8);
                }
                assertThat(space.getLong(address)).isEqualTo(9);
            }
        }
    }

    @Test
    void deviceIsToldOfEachSpaceOnceAndForgetsIt() {
        Device device = leaks.manager().device("near");
        try (AddressSpace space = leaks.manager().newAddressSpace(); AddressSpace fork = space.fork()) {
            Attachment one = device.attach(space);
            Attachment two = device.attach(fork);
            assertThat(one.mirror().id()).isPositive().isNotEqualTo(two.mirror().id());
            one.close();
            one.close();
            assertThat(coherent.count(RecordingDriver.Call.DETACHED)).isOne();
            assertThat(coherent.takeKinds()).containsExactly(InvalidationKind.RELEASE);
            assertThatExceptionOfType(ClosedException.class)
                    .isThrownBy(() -> one.mirror().fault(1 << 18, 1, DeviceAccess.READ));
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> one.mirror().snapshot(0, 1));
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> one.makeExclusive(1 << 18, PAGE));
            try (Attachment again = device.attach(space)) {
                assertThat(again.mirror().id()).isNotEqualTo(one.mirror().id());
            }
            assertThat(coherent.count(RecordingDriver.Call.ATTACHED)).isEqualTo(3);
        }
        assertThat(coherent.count(RecordingDriver.Call.DETACHED)).as("closing the space detaches the device")
                .isEqualTo(3);
    }

    @Test
    void attachingTwiceOrToAnotherManagerOrAfterCloseIsRefused() {
        Device device = leaks.manager().device("near");
        AddressSpace space = leaks.manager().newAddressSpace("mine");
        try (Attachment attachment = device.attach(space)) {
            assertThatIllegalStateException().isThrownBy(() -> device.attach(space))
                    .withMessageContainingAll("space=mine", "device=near");
            long address = space.map(PAGE);
            coherent.store(attachment.mirror(), address, 1);
            assertThat(space.getLong(address)).isEqualTo(1);
        }
        try (MemoryManager other = small().build(); AddressSpace foreign = other.newAddressSpace("theirs")) {
            assertThatIllegalArgumentException().isThrownBy(() -> device.attach(foreign))
                    .withMessageContainingAll("device=near", "space=theirs");
        }
        space.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> device.attach(space));
        device.close();
        try (AddressSpace late = leaks.manager().newAddressSpace()) {
            assertThatExceptionOfType(DeviceClosedException.class).isThrownBy(() -> device.attach(late))
                    .withMessage("device near is closed").isInstanceOf(ClosedException.class);
        }
        device.close();
        assertThat(device.isClosed()).isTrue();
    }

    @Test
    void deviceThatWorksBeforeAttachReturnsIsToldOfAFork() throws InterruptedException {
        Device device = leaks.manager().device("near");
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            space.setLong(address, 1);
            AtomicReference<AddressSpace> fork = new AtomicReference<>();
            Thread[] worker = new Thread[1];
            // The device starts to work as soon as it has the mirror, and the space is forked before attach() returns.
            RecordingDriver.Hook hook = mirror -> {
                worker[0] = Thread.ofPlatform().daemon().start(() -> {
                    coherent.store(mirror, address, 2);
                    fork.set(space.fork());
                    coherent.store(mirror, address, 3);
                });
                try {
                    worker[0].join(200); // like a driver that starts its device and checks that it runs
                } catch (InterruptedException impossible) {
                    throw new AssertionError(impossible);
                }
            };
            coherent.onAttached(hook);
            try (Attachment attachment = device.attach(space)) {
                worker[0].join();
                try (AddressSpace child = fork.get()) {
                    assertThat(child.getLong(address)).isEqualTo(2);
                    assertThat(coherent.load(attachment.mirror(), address)).isEqualTo(3);
                }
            }
        }
    }

    @Test
    void faultsOfInvalidRangesAreRefused() {
        try (AddressSpace space = leaks.manager().newAddressSpace("space");
                Attachment attachment = leaks.manager().device("far").attach(space)) {
            long address = space.map(4 * PAGE);
            DeviceMirror mirror = attachment.mirror();
            for (DeviceAccess access : DeviceAccess.values()) {
                for (int pages : new int[] {0, -1, Integer.MIN_VALUE, (1 << 16) + 1, Integer.MAX_VALUE}) {
                    assertThatIllegalArgumentException().isThrownBy(() -> mirror.fault(address, pages, access))
                            .withMessageContaining("pages=" + pages);
                }
                assertThatIllegalArgumentException().isThrownBy(() -> mirror.fault(address + 1, 1, access));
                for (long wild : new long[] {0, address + 4 * PAGE, 1L << 47, Long.MAX_VALUE & -PAGE, -PAGE,
                    Long.MIN_VALUE}) {
                    assertThatExceptionOfType(AddressNotMappedException.class)
                            .isThrownBy(() -> mirror.fault(wild, 1, access));
                }
                assertThatExceptionOfType(AddressNotMappedException.class)
                        .isThrownBy(() -> mirror.fault(address, 5, access));
            }
            assertThat(mirror.snapshot(-PAGE, 2)).extracting(PageState::place)
                    .containsOnly(PageState.Place.INACCESSIBLE);
            space.protect(address, PAGE, Protection.READ_ONLY);
            space.protect(address + PAGE, PAGE, Protection.NONE);
            for (DeviceAccess access : List.of(DeviceAccess.WRITE, DeviceAccess.ATOMIC)) {
                assertThatExceptionOfType(ProtectionException.class)
                        .isThrownBy(() -> mirror.fault(address, 1, access));
            }
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> mirror.fault(address, 2, DeviceAccess.READ));
            assertThat(mirror.fault(address, 1, DeviceAccess.READ).pages()).hasSize(1);
        }
    }

    @Test
    void deviceMayReadASnapshotAndMayNotWriteIt() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            space.setLong(address, 1);
            try (AddressSpace snapshot = space.snapshot();
                    Attachment attachment = leaks.manager().device("far").attach(snapshot)) {
                assertThat(snapshot.migrate(address, PAGE, leaks.manager().pool("far")).moved()).isOne();
                assertThat(secret.load(attachment.mirror(), address)).isEqualTo(1);
                for (DeviceAccess access : List.of(DeviceAccess.WRITE, DeviceAccess.ATOMIC)) {
                    assertThatExceptionOfType(ProtectionException.class)
                            .isThrownBy(() -> attachment.mirror().fault(address, 1, access));
                }
                space.setLong(address, 2);
                assertThat(secret.load(attachment.mirror(), address)).isEqualTo(1);
                assertThat(snapshot.getLong(address)).isEqualTo(1);
            }
        }
    }
}
