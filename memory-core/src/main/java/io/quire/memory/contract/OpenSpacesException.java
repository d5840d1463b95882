package io.quire.memory.contract;

import io.quire.memory.trace.FirstLines;
import java.io.Serial;
import java.util.List;

/**
 * Thrown if a manager is closed while spaces are open. The manager stays open: close the spaces, then the manager.
 *
 * @see io.quire.memory.MemoryManager#closeAll
 */
public final class OpenSpacesException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final transient List<String> spaces; // the message has them, also after serialization
    /** How many spaces were open. */
    private final int count;

    /**
     * Creates an exception.
     *
     * @param manager the name of the manager
     * @param count how many spaces are open
     * @param oldest a line for each of the oldest of them, with its creation stack if leak tracking is on
     * @param remedy what to do to learn more
     */
    public OpenSpacesException(String manager, int count, List<String> oldest, String remedy) {
        super("spaces are still open: manager=" + manager + ", count=" + count + remedy
                + FirstLines.text(oldest, count));
        this.spaces = List.copyOf(oldest);
        this.count = count;
    }

    /**
     * Returns how many spaces were open.
     *
     * @return 1 or more
     */
    public int count() {
        return count;
    }

    /**
     * Describes the open spaces, oldest first.
     *
     * @return a line for each space; at most 16 of them
     */
    public List<String> spaces() {
        return spaces;
    }
}
