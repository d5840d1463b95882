package io.quire.memory.contract;

import java.io.Serial;

/** A device was used after it was closed. */
public final class DeviceClosedException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message the device */
    public DeviceClosedException(String message) {
        super(message);
    }
}
