package io.quire.memory.contract;

import java.io.Serial;

/** The root of everything this library refuses. The operation that threw it has
 * changed nothing, unless its method says what remains. */
public abstract class MemoryException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The rule or fact, then the state as {@code name=value} pairs, then what to do. */
    protected MemoryException(String message) {
        super(message);
    }
}
