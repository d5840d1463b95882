package io.quire.memory.softdevice;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.testkit.StackEnd;
import io.quire.memory.testkit.Threads;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("portable")
class JavaDeviceTest extends SoftwareDeviceContract {

    private static final int STACK_BYTES = 512 << 10;
    private static final int CALLS = 1500;

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
            int[] ended = {0};
            Threads.elsewhere(STACK_BYTES, () -> {
                for (int calls = 0; calls < CALLS; calls++) {
                    Runnable fill = () -> device.fill(attachment.mirror(), address, 100, (byte) 1);
                    ended[0] += StackEnd.above(calls, fill) ? 1 : 0;
                }
            });
            assertThat(ended[0]).as("operations that met a full stack").isPositive();
            device.fill(attachment.mirror(), address, 100, (byte) 2);
            assertThat(space.getByte(address)).isEqualTo((byte) 2);
        }
    }
}
