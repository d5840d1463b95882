package io.quire.memory.guard;

import io.quire.memory.contract.DriverReentryException;
import org.jspecify.annotations.Nullable;

/**
 * The thread that calls the driver of one device. While it is inside such a call, other threads may hold locks and wait
 * for it. So it must not wait for a lock itself: all code that takes a lock first calls {@link #requireOutside}.
 */
public abstract class CallbackThread extends Thread {

    private final String device;

    /** What the driver is called for; null between two calls. Used only by this thread. */
    private @Nullable String inside;

    /** Creates a thread that is named after the device. */
    protected CallbackThread(String device) {
        super("quire-driver-" + device);
        this.device = device;
    }

    /** Notes that this thread is inside a call from here on. */
    protected final void enter(String operation) {
        inside = operation;
    }

    /** Notes that the driver has returned. */
    protected final void leave() {
        inside = null;
    }

    /**
     * Throws if the current thread is inside a call of a driver. Call this before you take or change anything.
     *
     * @throws DriverReentryException if the current thread is inside a call of a driver
     */
    public static void requireOutside() {
        if (Thread.currentThread() instanceof CallbackThread caller && caller.inside != null) {
            throw new DriverReentryException(caller.device, caller.inside);
        }
    }
}
