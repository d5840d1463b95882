package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if a device is used after it was closed, or while it is being closed. A handler of this before one of
 * {@link ClosedException} tells a closed device from a closed space.
 */
public final class DeviceClosedException extends ClosedException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param device the name of the device
     */
    public DeviceClosedException(String device) {
        super("device " + device);
    }
}
