package io.quire.memory.contract;

import java.io.Serial;

/** A long-term pin was asked for a page of device memory, which must stay evictable. */
public final class LongTermPinException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message the page, where it is, and what to do */
    public LongTermPinException(String message) {
        super(message);
    }
}
