package io.quire.memory.contract;

import java.io.Serial;

/**
 * A pin was to be closed while somebody is inside one of its segments: a channel that reads or writes it, or a thread
 * that accesses it. The pin stays open; close it again when they are done.
 */
public final class SegmentInUseException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * @param holder what handed the segment out
     * @param cause what the segment said
     */
    public SegmentInUseException(String holder, Throwable cause) {
        super("a segment is in use, by a channel or another thread, and stays open: " + holder
                + "; close it again afterwards");
        initCause(cause);
    }
}
