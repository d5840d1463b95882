package io.quire.memory.contract;

import java.io.Serial;

/**
 * A driver has called the library from inside a call of the library to it, and that could have waited for a lock whose
 * holder waits for this very driver. It was refused at once and has changed nothing. A driver returns first, and does
 * such work on a thread of its own.
 */
public final class DriverReentryException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final String device;

    /**
     * @param device the name of the device
     * @param callback what its driver was called for, in words
     */
    public DriverReentryException(String device, String callback) {
        super("a driver may not call what can wait for a lock from inside a callback: device=" + device
                + ", callback=" + callback + "; return from the callback first, and call from another thread");
        this.device = device;
    }

    /** The name of the device. */
    public String device() {
        return device;
    }
}
