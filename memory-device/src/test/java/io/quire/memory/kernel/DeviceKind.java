package io.quire.memory.kernel;

import io.quire.memory.contract.PageState.Place;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.softdevice.NativeDevice;
import io.quire.memory.softdevice.SoftwareDevice;
import java.util.Arrays;
import java.util.List;

/** Devices of the suites: two implementations, each with both kinds of memory. */
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

    /**
     * Returns the kinds that this machine has. If the native library is required and may be called, these are all
     * kinds.
     */
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

    /** Returns the place of a page that has moved to such a device. */
    Place place() {
        return isPrivate ? Place.DEVICE_PRIVATE : Place.DEVICE_COHERENT;
    }
}
