package io.quire.memory.softdevice;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.DeviceMirror;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/** Every software device with a real manager: the device reads what the space holds, and the library breaks no rule. */
@Timeout(60)
class TierTest {

    private static final int PAGE = 4096;
    private static final int PAGES = 32;
    private static final long SIZE = PAGES * PAGE;
    private static final long DEVICE_SIZE = 8 * SIZE; // large enough that the manager does not evict

    @TestFactory
    List<DynamicTest> pagesTravelBetweenHostAndDevice() {
        return onEachDevice(device -> {
            travel(device);
            assertThat(device.counters().liveFrames()).isZero();
        });
    }

    /** Its page table never hears of the invalidation that it missed, so every answer would be outdated. */
    @TestFactory
    List<DynamicTest> operationOfALostDeviceFailsAtOnce() {
        return onEachDevice(TierTest::useWhenLost);
    }

    private static List<DynamicTest> onEachDevice(Consumer<SoftwareDevice> test) {
        List<DynamicTest> tests = new ArrayList<>();
        add(tests, test, "Java, coherent", name -> JavaDevice.coherent(name, DEVICE_SIZE));
        add(tests, test, "Java, private", name -> JavaDevice.privateMemory(name, DEVICE_SIZE));
        if (NativeDevice.isAvailable() || Boolean.getBoolean("native.required")) {
            add(tests, test, "C, coherent", name -> NativeDevice.coherent(name, DEVICE_SIZE));
            add(tests, test, "C, private", name -> NativeDevice.privateMemory(name, DEVICE_SIZE));
        }
        return tests;
    }

    private static void add(List<DynamicTest> tests, Consumer<SoftwareDevice> test, String name,
            Function<String, SoftwareDevice> maker) {
        tests.add(DynamicTest.dynamicTest(name, () -> {
            try (SoftwareDevice device = maker.apply("card")) {
                test.accept(device);
                assertThat(device.counters().violations()).isZero();
            }
        }));
    }

    private static void useWhenLost(SoftwareDevice device) {
        try (MemoryManager memory = MemoryManager.builder().hostPool(1 << 20).device("card", device.driver())
                .driverDeadline(Duration.ofMillis(300)).backgroundAgent(false).build();
                AddressSpace space = memory.newAddressSpace()) {
            long address = space.map(SIZE);
            Attachment attachment = memory.device("card").attach(space);
            DeviceMirror mirror = attachment.mirror();
            device.fill(mirror, address, PAGE, (byte) 1);
            device.faults().holdInvalidations(true);
            assertThatExceptionOfType(DriverFailedException.class).isThrownBy(() -> space.discard(address, PAGE));
            long faults = device.counters().faults();
            device.faults().holdInvalidations(false);
            assertThatExceptionOfType(DriverFailedException.class)
                    .isThrownBy(() -> device.sum(mirror, address + PAGE, PAGE))
                    .withMessageContaining("the device is lost");
            assertThat(device.counters().faults()).isEqualTo(faults + 1);
            attachment.close();
        }
    }

    private static void travel(SoftwareDevice device) {
        try (MemoryManager memory = MemoryManager.builder().hostPool(1 << 20).device("card", device.driver())
                .backgroundAgent(false).build();
                AddressSpace space = memory.newAddressSpace();
                Attachment attachment = memory.device("card").attach(space)) {
            long address = space.map(SIZE);
            DeviceMirror mirror = attachment.mirror();
            for (int i = 0; i < PAGES; i++) {
                space.setLong(address + (long) i * PAGE, i);
            }
            assertThat(device.sum(mirror, address, SIZE).value()).isEqualTo(sumTo(PAGES));

            assertThat(space.migrate(address, SIZE, memory.pool("card")).there()).isEqualTo(PAGES);
            assertThat(device.readMapped(mirror, address, MemorySegment.ofArray(new byte[(int) SIZE]))).isTrue();
            assertThat(device.sum(mirror, address, SIZE)).isEqualTo(new OperationResult(PAGES, 0, 0, sumTo(PAGES)));

            device.atomicAdd(mirror, address + PAGE, 100);
            assertThat(space.getLong(address + PAGE)).isEqualTo(101);
            forkAndWrite(device, mirror, space, address);

            memory.evict(memory.pool("card"), PAGES);
            assertThat(space.pageState(address).place()).isEqualTo(Place.HOST);
            long[] words = new long[PAGE / Long.BYTES];
            device.read(mirror, address + 2 * PAGE, MemorySegment.ofArray(words));
            assertThat(words[0]).isEqualTo(2);
            assertThat(device.staleTranslations()).isZero();
        }
    }

    private static void forkAndWrite(SoftwareDevice device, DeviceMirror mirror, AddressSpace space, long address) {
        try (AddressSpace child = space.fork()) {
            space.setLong(address, 7);
            assertThat(child.getLong(address)).isZero();
            MemorySegment word = MemorySegment.ofArray(new long[] {8});
            device.write(mirror, address + 3 * PAGE, word);
            assertThat(child.getLong(address + 3 * PAGE)).isEqualTo(3);
            device.read(mirror, address, word);
            assertThat(word.get(JAVA_LONG, 0)).isEqualTo(7);
        }
        assertThat(space.getLong(address + 3 * PAGE)).isEqualTo(8);
        assertThat(device.kind()).isIn(PoolKind.DEVICE_COHERENT, PoolKind.DEVICE_PRIVATE);
    }

    private static long sumTo(int pages) {
        return pages * (pages - 1L) / 2;
    }
}
