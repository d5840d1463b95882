package io.quire.memory.softdevice.snippets;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.softdevice.FaultInjection;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.softdevice.NativeDevice;
import io.quire.memory.softdevice.SoftwareDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc of the software devices. */
class SoftwareDeviceSnippetsTest {

    @Test
    void device() {
        // @start region="device"
        SoftwareDevice device = JavaDevice.coherent("gpu", 16L << 20);          // 16 MiB of memory of its own
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).device("gpu", device.driver()).build();
                AddressSpace space = memory.newAddressSpace();
                Attachment attachment = memory.device("gpu").attach(space);
                Arena arena = Arena.ofConfined()) {

            long address = space.map(1L << 20);
            space.setLong(address, 42);                                         // the processor writes,
            DeviceMirror mirror = attachment.mirror();
            MemorySegment target = arena.allocate(JAVA_LONG);
            device.read(mirror, address, target);                               // the device reads,
            device.atomicAdd(mirror, address, 1);                               // and adds, with the page for itself
            assert target.get(JAVA_LONG, 0) == 42 && space.getLong(address) == 43;
            assert device.counters().violations() == 0;                         // the library kept its rules
        }                                                                       // closes the device with the manager
        // @end
        assertThat(device.counters().violations()).isZero();
    }

    @Test
    void either() {
        // @start region="native"
        SoftwareDevice device = NativeDevice.isAvailable() ? NativeDevice.coherent("gpu", 16L << 20)
                : JavaDevice.coherent("gpu", 16L << 20);            // NativeDevice.whyUnavailable() says why
        // @end
        device.close();
    }

    @Test
    void faults() {
        SoftwareDevice device = JavaDevice.privateMemory("gpu", 16L << 20);
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).device("gpu", device.driver()).build();
                AddressSpace space = memory.newAddressSpace()) {
            long address = space.map(1L << 20);
            space.setLong(address, 42);
            // @start region="faults"
            device.faults().failCopy(1, FaultInjection.FIRST_CODE);             // the next copy fails
            try {
                space.migrate(address, 4096, memory.pool("gpu"));
            } catch (DriverFailedException failed) {
                assert failed.code() == FaultInjection.FIRST_CODE && space.getLong(address) == 42;
            }
            // @end
            device.faults().failCopy(1, FaultInjection.FIRST_CODE);
            assertThatThrownBy(() -> space.migrate(address, 4096, memory.pool("gpu")))
                    .isInstanceOf(DriverFailedException.class);
            assertThat(space.getLong(address)).isEqualTo(42);
        }
    }
}
