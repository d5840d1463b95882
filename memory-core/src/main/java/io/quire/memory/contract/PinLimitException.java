package io.quire.memory.contract;

import java.io.Serial;

/** A pin would exceed a limit: of long-term pinned memory, or of pins of one page. */
public final class PinLimitException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message the limit, what is pinned already, and what to do */
    public PinLimitException(String message) {
        super(message);
    }
}
