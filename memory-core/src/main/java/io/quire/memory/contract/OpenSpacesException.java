package io.quire.memory.contract;

import io.quire.memory.trace.FirstLines;
import java.io.Serial;
import java.util.List;

/** A manager was to be closed with spaces still open. It stays open; close the spaces, then the manager. */
public final class OpenSpacesException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final transient List<String> spaces; // said in the message, which is what travels
    private final int count;

    /**
     * @param manager the name of the manager
     * @param count how many spaces are open
     * @param oldest a line for each of the oldest of them, with its creation stack when leak tracking is on
     * @param remedy what to do to learn more
     */
    public OpenSpacesException(String manager, int count, List<String> oldest, String remedy) {
        super("spaces are still open: manager=" + manager + ", count=" + count + remedy
                + FirstLines.text(oldest, count));
        this.spaces = List.copyOf(oldest);
        this.count = count;
    }

    /** How many spaces were open. */
    public int count() {
        return count;
    }

    /** A line for each of them, oldest first; of more than 16 only the oldest 16. */
    public List<String> spaces() {
        return spaces;
    }
}
