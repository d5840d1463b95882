package io.quire.memory.contract;

import java.io.Serial;

/** A page is pinned, or another thread changed it at the same time, so it cannot be moved or made exclusive now. */
public final class PagesBusyException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message the page, and by whom it is held */
    public PagesBusyException(String message) {
        super(message);
    }
}
