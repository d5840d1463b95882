package io.quire.memory.contract;

import java.io.Serial;

/** A manager, space, accessor, cursor or structure was used, or closed again, after it was closed. */
public final class ClosedException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** @param what the kind and the name of what is closed */
    public ClosedException(String what) {
        super(what + " is closed");
    }
}
