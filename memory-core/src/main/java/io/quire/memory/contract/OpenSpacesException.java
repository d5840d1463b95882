package io.quire.memory.contract;

import java.io.Serial;
import java.util.List;

/** A manager was to be closed with spaces still open. It stays open; close the spaces, then the manager. */
public final class OpenSpacesException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final transient List<String> spaces; // said in the message, which is what travels

    /**
     * @param manager the name of the manager
     * @param spaces a line for each open space, with its creation stack when leak tracking is on
     * @param remedy what to do to learn more
     */
    public OpenSpacesException(String manager, List<String> spaces, String remedy) {
        super("spaces are still open: manager=" + manager + ", count=" + spaces.size() + remedy
                + "\n  " + String.join("\n  ", spaces));
        this.spaces = List.copyOf(spaces);
    }

    /** A line for each open space, oldest first. */
    public List<String> spaces() {
        return spaces;
    }
}
