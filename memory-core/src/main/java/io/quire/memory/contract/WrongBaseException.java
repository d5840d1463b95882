package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if an export does not fit what it is to be applied to: an incremental one builds on another moment than the
 * space holds, or on none that the manager could have, or a full one needs no space to build on. Nothing was applied.
 *
 * @see io.quire.memory.transfer.SpaceImport#ontoForkOf
 */
public final class WrongBaseException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message which moment is needed, which one there is, and what to do
     */
    public WrongBaseException(String message) {
        super(message);
    }
}
