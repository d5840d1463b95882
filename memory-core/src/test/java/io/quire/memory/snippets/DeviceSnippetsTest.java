package io.quire.memory.snippets;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.Device;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import io.quire.memory.testkit.RecordingDriver;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc of devices, attachments and mirrors. */
class DeviceSnippetsTest {

    @Test
    void device() {
        DeviceDriver driver = new RecordingDriver.Coherent(512);
        // @start region="device"
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).device("gpu", driver).build();
                AddressSpace space = memory.newAddressSpace();
                Attachment attachment = memory.device("gpu").attach(space)) {

            long address = space.map(1L << 20);
            space.setLong(address, 42);
            space.migrate(address, 1L << 20, memory.pool("gpu"));       // the pages go to the device,
            assert space.getLong(address) == 42;                        // and the processor uses them as before
            DeviceMirror mirror = attachment.mirror();                  // the device asks here where pages are
            // @end
            assertThat(mirror.id()).isPositive();
            // @start region="fault"
            Translations answer = mirror.fault(address, 16, DeviceAccess.READ);
            int onDevice = 0;
            for (PageTranslation page : answer.pages()) {
                onDevice += page.frame() >= 0 ? 1 : 0;                  // else it is elsewhere: use page.memory()
            }
            // @end
            assertThat(onDevice).isEqualTo(16);
            // @start region="exclusive"
            attachment.makeExclusive(address, 4096);                    // the device may use atomic instructions here
            space.setLong(address, 43);                                 // the processor's access ends that
            assert attachment.exclusivePages() == 0;
            // @end
            assertThat(attachment.exclusivePages()).isZero();
            // @start region="device"
        }
        // @end
    }

    @Test
    void closing() {
        DeviceDriver driver = new RecordingDriver.Coherent(512);
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).device("gpu", driver).build()) {
            // @start region="close"
            Device device = memory.device("gpu");
            try {
                device.close();                     // moves its pages to the host first
            } catch (DriverFailedException failed) {
                device.giveUp();                    // the driver does not answer: its pages are lost
                device.close();
            }
            // @end
            assertThat(device.isClosed()).isTrue();
        }
    }
}
