package io.quire.memory.contract;

import java.io.Serial;

/**
 * The superclass of what this library throws to refuse an operation. The operation has changed nothing, unless its
 * method says what remains. The message says what went wrong, the state as {@code name=value}, and how to fix it.
 */
public abstract class MemoryException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message the rule or fact, then the state as {@code name=value} pairs, then what to do
     */
    protected MemoryException(String message) {
        super(message);
    }
}
