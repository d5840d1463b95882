package io.quire.memory.softdevice;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.DeviceMirror;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
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
        List<DynamicTest> tests = new ArrayList<>();
        add(tests, "Java, coherent", name -> JavaDevice.coherent(name, DEVICE_SIZE));
        add(tests, "Java, private", name -> JavaDevice.privateMemory(name, DEVICE_SIZE));
        if (NativeDevice.isAvailable() || Boolean.getBoolean("native.required")) {
            add(tests, "C, coherent", name -> NativeDevice.coherent(name, DEVICE_SIZE));
            add(tests, "C, private", name -> NativeDevice.privateMemory(name, DEVICE_SIZE));
        }
        return tests;
    }

    private static void add(List<DynamicTest> tests, String name, Function<String, SoftwareDevice> maker) {
        tests.add(DynamicTest.dynamicTest(name, () -> {
            try (SoftwareDevice device = maker.apply("card")) {
                travel(device);
                assertThat(device.counters().violations()).isZero();
                assertThat(device.counters().liveFrames()).isZero();
            }
        }));
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
