package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if a pin or a cursor is closed while one of its segments is in use: by a channel that reads or writes it, or
 * by a thread that accesses it. The pin or cursor stays open; close it again afterwards. An
 * {@link IllegalStateException}, as the JDK throws for an arena that is in use.
 */
public final class SegmentInUseException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param holder the pin or cursor
     * @param cause what the arena of the segment threw
     */
    public SegmentInUseException(String holder, Throwable cause) {
        super("a segment is in use, by a channel or another thread, and stays open: " + holder
                + "; close it again afterwards", cause);
    }
}
