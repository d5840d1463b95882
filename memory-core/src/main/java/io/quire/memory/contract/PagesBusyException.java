package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if a page cannot be moved or made exclusive because it is pinned or a cursor reads it. Also thrown if a device
 * or a manager cannot be closed because of such pages, or because the host has no room for pages that have to move.
 */
public final class PagesBusyException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message the page, and who holds it
     */
    public PagesBusyException(String message) {
        super(message);
    }
}
