package io.quire.memory.errors;

import java.util.List;

/** A world that was prepared for one operation. One thread, unless it says something else. */
public interface Trial {

    /** The operation. An Error may come out of it anywhere; then it is called again. */
    void act() throws Exception;

    /** Counts everything anew; fails if something is wrong. */
    void recount();

    /** What can be seen of the world: contents, what is open. Equal if and only if the world is. */
    List<String> state();

    /**
     * Whether the operation, when an Error came out of it, may have left this.
     *
     * @param before the state that it began with
     * @param after the state when it has ended as it should
     */
    default boolean mayLeave(List<String> state, List<String> before, List<String> after) {
        return state.equals(before) || state.equals(after);
    }

    /** Uses everything that is open as another thread would; fails or waits for ever if a lock or slot was left. */
    void use();

    /** Closes everything, and fails if anything is left. */
    void finish() throws Exception;
}
