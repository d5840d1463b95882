package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if a space, fork, snapshot or cursor is asked for and the manager's limit of open spaces is reached.
 *
 * @see io.quire.memory.MemoryManager.Builder#maxSpaces
 */
public final class TooManySpacesException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param manager the name of the manager
     * @param limit how many spaces it may have open
     */
    public TooManySpacesException(String manager, int limit) {
        super("no more spaces can be opened: manager=" + manager + ", limit=" + limit
                + "; close forks and snapshots, or raise maxSpaces");
    }
}
