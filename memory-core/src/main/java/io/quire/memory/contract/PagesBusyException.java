package io.quire.memory.contract;

import java.io.Serial;

/**
 * A page is pinned, or a cursor reads it, so it cannot be moved or made exclusive now; or a device or a manager cannot be
 * closed because of such pages, or because there is no room for what has to move.
 */
public final class PagesBusyException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message the page, and by whom it is held */
    public PagesBusyException(String message) {
        super(message);
    }
}
