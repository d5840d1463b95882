package io.quire.memory.kernel;

import io.quire.memory.contract.PageState.Place;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.softdevice.NativeDevice;
import io.quire.memory.softdevice.SoftwareDevice;
import java.util.Arrays;
import java.util.List;

/** What the suites run on: two implementations of a device, each with both kinds of memory. */
enum DeviceKind {
    JAVA_COHERENT(false, false),
    JAVA_PRIVATE(false, true),
    NATIVE_COHERENT(true, false),
    NATIVE_PRIVATE(true, true);

    private final boolean isNative;
    private final boolean isPrivate;

    DeviceKind(boolean isNative, boolean isPrivate) {
        this.isNative = isNative;
        this.isPrivate = isPrivate;
    }

    /** Those that this machine has; all of them where the native library has to be there, and may be called. */
    static List<DeviceKind> available() {
        boolean hasNative = NativeDevice.isAvailable()
                || (Boolean.getBoolean("native.required") && DeviceKind.class.getModule().isNativeAccessEnabled());
        return Arrays.stream(values()).filter(kind -> hasNative || !kind.isNative).toList();
    }

    SoftwareDevice open(String name, long sizeBytes) {
        return switch (this) {
            case JAVA_COHERENT -> JavaDevice.coherent(name, sizeBytes);
            case JAVA_PRIVATE -> JavaDevice.privateMemory(name, sizeBytes);
            case NATIVE_COHERENT -> NativeDevice.coherent(name, sizeBytes);
            case NATIVE_PRIVATE -> NativeDevice.privateMemory(name, sizeBytes);
        };
    }

    boolean isPrivate() {
        return isPrivate;
    }

    /** Where a page is that has moved to such a device. */
    Place place() {
        return isPrivate ? Place.DEVICE_PRIVATE : Place.DEVICE_COHERENT;
    }
}
