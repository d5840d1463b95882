package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if a driver, inside a call of the library to it, calls something that could wait for a lock. The holder of the
 * lock may be waiting for this very driver. Nothing has changed. Return from the call first, and do such work on
 * another thread.
 *
 * @see io.quire.memory.device.DeviceDriver
 */
public final class DriverReentryException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The name of the device. */
    private final String device;

    /**
     * Creates an exception.
     *
     * @param device the name of the device
     * @param callback what its driver was called for, in words
     */
    public DriverReentryException(String device, String callback) {
        super("a driver may not call what can wait for a lock from inside a callback: device=" + device
                + ", callback=" + callback + "; return from the callback first, and call from another thread");
        this.device = device;
    }

    /**
     * Returns the name of the device.
     *
     * @return the name that the builder of the manager was given
     */
    public String device() {
        return device;
    }
}
