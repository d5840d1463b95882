package io.quire.memory.contract;

import java.io.Serial;

/**
 * A device was used after it was closed, or while it was being closed. Caught before a {@link ClosedException}, it tells
 * a device that is closed from a space that is.
 */
public final class DeviceClosedException extends ClosedException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** @param device its name */
    public DeviceClosedException(String device) {
        super("device " + device);
    }
}
