package io.quire.memory.driver;

import io.quire.memory.device.DeviceDriver;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The drivers of this JVM that belong to a device: one driver is one device, for its frames have one user. By identity,
 * and without keeping any of them alive. Any thread.
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
     * @param device what it is called in messages
     * @throws IllegalArgumentException if it belongs to another one; the message names both
     */
    public static void claim(DeviceDriver driver, String device) {
        for (Reference<?> gone = FORGOTTEN.poll(); gone != null; gone = FORGOTTEN.poll()) {
            DEVICES.remove(gone);
        }
        String other = DEVICES.putIfAbsent(new Key(driver, FORGOTTEN), device);
        if (other != null) {
            throw new IllegalArgumentException("one driver is one device: device=" + device + ", driver="
                    + driver.getClass().getName() + ", is already that of " + other
                    + "; give each device a driver of its own");
        }
    }

    /** It belongs to none any more. */
    public static void release(DeviceDriver driver) {
        DEVICES.remove(new Key(driver, null));
    }
}
