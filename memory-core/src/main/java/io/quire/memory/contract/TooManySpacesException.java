package io.quire.memory.contract;

import java.io.Serial;

/** A space, fork or snapshot was asked for and the manager's limit of open spaces is reached. */
public final class TooManySpacesException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * @param manager the name of the manager
     * @param limit the most spaces it may have open
     */
    public TooManySpacesException(String manager, int limit) {
        super("no more spaces can be opened: manager=" + manager + ", limit=" + limit
                + "; close forks and snapshots, or raise maxSpaces");
    }
}
