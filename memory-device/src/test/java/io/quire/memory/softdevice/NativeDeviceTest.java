package io.quire.memory.softdevice;

import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NeedsNativeLibrary.class)
class NativeDeviceTest extends SoftwareDeviceContract {

    @Override
    SoftwareDevice coherent(String name, long sizeBytes) {
        return NativeDevice.coherent(name, sizeBytes);
    }

    @Override
    SoftwareDevice privateMemory(String name, long sizeBytes) {
        return NativeDevice.privateMemory(name, sizeBytes);
    }
}
