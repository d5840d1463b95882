package io.quire.memory.contract;

import java.io.Serial;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * An operation waited for another thread, or for a device, longer than it may. The message says for what. The operation
 * can be tried again.
 */
public final class WaitTimeoutException extends MemoryException {
    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * @param awaited what was waited for, and by whom it is held up
     * @param limit how long it was waited for
     */
    public WaitTimeoutException(String awaited, Duration limit) {
        super("waited too long: for=" + awaited + ", limit=" + TimeUnit.MILLISECONDS.convert(limit) + " ms");
    }
}
