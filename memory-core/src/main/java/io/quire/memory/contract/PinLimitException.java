package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if a pin would exceed a limit: of memory under long-term pins, or of pins of one page.
 *
 * @see io.quire.memory.MemoryManager.Builder#longTermPinLimit
 */
public final class PinLimitException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message the limit, what is pinned already, and what to do
     */
    public PinLimitException(String message) {
        super(message);
    }
}
