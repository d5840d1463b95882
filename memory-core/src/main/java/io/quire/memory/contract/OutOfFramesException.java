package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if a page needs a frame and none is free. The message says who holds the frames and what to do.
 * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="full"}
 */
public final class OutOfFramesException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message limit, use, holders and remedies
     */
    public OutOfFramesException(String message) {
        super(message);
    }
}
