package io.quire.memory.contract;

import java.io.Serial;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Thrown if an operation has waited for another thread, or for a device, as long as it may. The message names what it
 * waited for. The operation can be tried again.
 */
public final class WaitTimeoutException extends MemoryException {
    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param awaited what the operation waited for, and who holds it up
     * @param limit how long it waited
     */
    public WaitTimeoutException(String awaited, Duration limit) {
        super("waited too long: for=" + awaited + ", limit=" + TimeUnit.MILLISECONDS.convert(limit) + " ms");
    }
}
