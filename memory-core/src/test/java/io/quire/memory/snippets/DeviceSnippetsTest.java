package io.quire.memory.snippets;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.Device;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.RecordingDriver.Call;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The examples in the Javadoc of devices, attachments and mirrors. */
class DeviceSnippetsTest {

    private final RecordingDriver.Coherent driver = new RecordingDriver.Coherent(512);

    @Test
    void device() {
        // @start region="device"
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).device("gpu", driver).build();
                AddressSpace space = memory.newAddressSpace();
                Attachment attachment = memory.device("gpu").attach(space)) {

            long address = space.map(1L << 20);
            space.setLong(address, 42);
            space.migrate(address, 1L << 20, memory.pool("gpu"));       // the pages go to the device,
            assert space.getLong(address) == 42;                        // and the processor uses them as before
            DeviceMirror mirror = attachment.mirror();                  // the device asks here where pages are
            assert mirror.snapshot(address, 1).getFirst().pool().equals("gpu");
        }
        // @end
        assertThat(driver.count(Call.DETACHED)).isOne();
        assertThat(driver.count(Call.CLOSE)).isOne();
    }

    @Test
    void attachment() {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).device("gpu", driver).build();
                AddressSpace space = memory.newAddressSpace();
                Attachment attachment = memory.device("gpu").attach(space)) {
            long address = space.map(1L << 20);
            space.migrate(address, 1L << 20, memory.pool("gpu"));
            DeviceMirror mirror = attachment.mirror();
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
        }
    }

    /** Each case in which the close of a device throws a DriverFailedException, and the recipe for all. */
    private enum Broken {
        COPIES, NO_ANSWER, INVALIDATIONS, ITS_CLOSE
    }

    @ParameterizedTest
    @EnumSource(Broken.class)
    void closing(Broken broken) {
        RecordingDriver failing = broken == Broken.INVALIDATIONS ? driver : new RecordingDriver.Private(512);
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).device("gpu", failing)
                .driverDeadline(Duration.ofMillis(200)).build(); AddressSpace space = memory.newAddressSpace()) {
            long address = space.map(1L << 20);
            space.setLong(address, 42);
            space.setLong(address + 4096, 43);
            space.migrate(address, 4096, memory.pool("gpu"));
            memory.device("gpu").attach(space);
            breakDown(failing, broken);
            // @start region="close"
            Device device = memory.device("gpu");
            try {
                device.close();                             // moves its pages to the host first
            } catch (DriverFailedException failed) {
                if (!device.isClosed()) {                   // pages are left that only the device can reach
                    device.giveUp();                        // stop the device itself before this: they are lost now
                    space.discard(address, 4096);           // give them up in each space that has them
                    device.close();
                }
            }
            // @end
            assertThat(device.isClosed()).isTrue();
            boolean isLost = broken == Broken.COPIES || broken == Broken.NO_ANSWER;
            assertThat(space.getLong(address)).isEqualTo(isLost ? 0 : 42);
            assertThat(space.getLong(address + 4096)).isEqualTo(43);
            failing.release();
        }
    }

    private static void breakDown(RecordingDriver driver, Broken broken) {
        for (int k = 1; k <= 10; k++) {
            switch (broken) {
                case COPIES -> driver.on(Call.COPY_TO_HOST, k, RecordingDriver::failing);
                case NO_ANSWER -> driver.on(Call.COPY_TO_HOST, k, driver::hanging);
                case INVALIDATIONS -> driver.on(Call.START, k, RecordingDriver::failing);
                case ITS_CLOSE -> driver.on(Call.CLOSE, k, RecordingDriver::failing);
                default -> throw new AssertionError(broken);
            }
        }
    }
}
