package io.quire.memory.softdevice;

import org.junit.jupiter.api.Tag;

@Tag("portable")
class JavaDeviceTest extends SoftwareDeviceContract {

    @Override
    SoftwareDevice coherent(String name, long sizeBytes) {
        return JavaDevice.coherent(name, sizeBytes);
    }

    @Override
    SoftwareDevice privateMemory(String name, long sizeBytes) {
        return JavaDevice.privateMemory(name, sizeBytes);
    }
}
