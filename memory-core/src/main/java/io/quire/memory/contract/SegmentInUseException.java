package io.quire.memory.contract;

import java.io.Serial;

/**
 * A pin or a cursor was to be closed while somebody is inside one of its segments: a channel that reads or writes it, or a
 * thread that accesses it. It stays open; close it again when they are done. An {@link IllegalStateException}, as it is
 * what the JDK throws for an arena that is in use.
 */
public final class SegmentInUseException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * @param holder what handed the segment out
     * @param cause what the segment said
     */
    public SegmentInUseException(String holder, Throwable cause) {
        super("a segment is in use, by a channel or another thread, and stays open: " + holder
                + "; close it again afterwards", cause);
    }
}
