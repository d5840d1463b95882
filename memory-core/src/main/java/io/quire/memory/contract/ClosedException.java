package io.quire.memory.contract;

import java.io.Serial;

/** Thrown if a manager, space, accessor, pin, cursor, attachment or device is used after it was closed. */
public sealed class ClosedException extends MemoryException permits DeviceClosedException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param what the kind and the name of what is closed
     */
    public ClosedException(String what) {
        super(what + " is closed");
    }
}
