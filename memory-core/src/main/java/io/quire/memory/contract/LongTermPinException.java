package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if a long-term pin is asked for a page of device memory. Such a page has to stay evictable: migrate it to the
 * host first, pin it {@link PinTerm#SHORT}, or build the manager with {@link LongTermPolicy#MIGRATE}.
 */
public final class LongTermPinException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message the page, where it is, and what to do
     */
    public LongTermPinException(String message) {
        super(message);
    }
}
