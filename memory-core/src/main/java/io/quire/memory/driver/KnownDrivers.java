package io.quire.memory.driver;

import io.quire.memory.device.DeviceDriver;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The drivers of this JVM that belong to a device. A driver serves one device only, because one owner hands out its
 * frames. Drivers are compared by identity and not kept alive. Any thread.
 */
public final class KnownDrivers {

    private static final Map<Key, String> DEVICES = new ConcurrentHashMap<>();
    private static final ReferenceQueue<DeviceDriver> FORGOTTEN = new ReferenceQueue<>();

    private KnownDrivers() {
    }

    private static final class Key extends WeakReference<DeviceDriver> {

        private final int hash;

        private Key(DeviceDriver driver, @Nullable ReferenceQueue<DeviceDriver> queue) {
            super(driver, queue);
            hash = System.identityHashCode(driver);
        }

        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public boolean equals(Object other) {
            DeviceDriver driver = get();
            return this == other || (driver != null && other instanceof Key key && key.refersTo(driver));
        }
    }

    /**
     * Notes that a driver belongs to a device, until {@link #release}.
     *
     * @param device the name of the device, for messages
     * @throws IllegalArgumentException if the driver belongs to another device; the message names both
     */
    public static void claim(DeviceDriver driver, String device) {
        for (Reference<?> gone = FORGOTTEN.poll(); gone != null; gone = FORGOTTEN.poll()) {
            DEVICES.remove(gone);
        }
        String other = DEVICES.putIfAbsent(new Key(driver, FORGOTTEN), device);
        if (other != null) {
            throw new IllegalArgumentException("one driver is one device: device=" + device + ", driver="
                    + driver.getClass().getName() + " already belongs to " + other
                    + "; give each device a driver of its own");
        }
    }

    /** Notes that a driver belongs to no device any more. */
    public static void release(DeviceDriver driver) {
        DEVICES.remove(new Key(driver, null));
    }
}
