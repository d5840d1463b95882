package io.quire.memory.softdevice;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("portable")
class JavaDeviceTest extends SoftwareDeviceContract {

    private static final int DIVES = 20;
    private static final int STACK_BYTES = 256 << 10;

    @Override
    SoftwareDevice coherent(String name, long sizeBytes) {
        return JavaDevice.coherent(name, sizeBytes);
    }

    @Override
    SoftwareDevice privateMemory(String name, long sizeBytes) {
        return JavaDevice.privateMemory(name, sizeBytes);
    }

    @Test
    @Timeout(60)
    void fullStackInAnOperationLeavesTheDeviceUsable() throws InterruptedException {
        JavaDevice device = JavaDevice.coherent("card", 1 << 20);
        try (MemoryManager memory = MemoryManager.builder().hostPool(1 << 20).device("card", device.driver()).build();
                AddressSpace space = memory.newAddressSpace();
                Attachment attachment = memory.device("card").attach(space)) {
            long address = space.map(4096);
            Diver diver = new Diver(() -> device.fill(attachment.mirror(), address, 100, (byte) 1));
            for (int i = 0; i < DIVES; i++) {
                Thread thread = new Thread(null, diver::dive, "diver", STACK_BYTES);
                thread.start();
                thread.join();
            }
            assertThat(diver.ended).as("operations that met a full stack").isPositive();
            device.fill(attachment.mirror(), address, 100, (byte) 2);
            assertThat(space.getByte(address)).isEqualTo((byte) 2);
        }
    }

    /** Runs an operation at some of the depths near the end of the stack. */
    private static final class Diver {

        private static final int DEPTHS = 1500;

        private final Runnable deed;
        private int left;
        private int ended;

        Diver(Runnable deed) {
            this.deed = deed;
        }

        private void dive() {
            boolean isEnd = false;
            try {
                dive();
            } catch (StackOverflowError end) {
                isEnd = true;
                left = DEPTHS;
            }
            if (!isEnd && left-- > 0 && left % 9 == 0) {
                try {
                    deed.run();
                } catch (StackOverflowError full) {
                    ended++;
                }
            }
        }
    }
}
