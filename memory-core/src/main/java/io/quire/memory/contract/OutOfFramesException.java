package io.quire.memory.contract;

import java.io.Serial;

/** A page needed a frame and none was free. The message says who holds them and what to do. */
public final class OutOfFramesException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message limit, use, holders and remedies */
    public OutOfFramesException(String message) {
        super(message);
    }
}
