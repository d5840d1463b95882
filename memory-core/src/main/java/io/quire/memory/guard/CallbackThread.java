package io.quire.memory.guard;

import io.quire.memory.contract.DriverReentryException;
import org.jspecify.annotations.Nullable;

/**
 * A thread that calls the driver of one device. While it is inside such a call others may hold locks and wait for it,
 * so it must not wait for a lock itself: whoever takes one asks here first.
 */
public abstract class CallbackThread extends Thread {

    private final String device;

    /** What the driver is called for; null between two calls. Of this thread alone. */
    private @Nullable String inside;

    /** A thread that is named after the device. */
    protected CallbackThread(String device) {
        super("quire-driver-" + device);
        this.device = device;
    }

    /** From here on this thread is inside a call. */
    protected final void enter(String operation) {
        inside = operation;
    }

    /** The driver has returned. */
    protected final void leave() {
        inside = null;
    }

    /**
     * Refuses whoever is inside a call of a driver; to be asked before anything is taken or changed.
     *
     * @throws DriverReentryException if the current thread is
     */
    public static void requireOutside() {
        if (Thread.currentThread() instanceof CallbackThread caller && caller.inside != null) {
            throw new DriverReentryException(caller.device, caller.inside);
        }
    }
}
