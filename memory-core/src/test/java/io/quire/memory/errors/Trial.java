package io.quire.memory.errors;

import java.util.List;

/** A world that was prepared for one operation. Not thread-safe. */
public interface Trial {

    /** Runs the operation. It is called again after an Error came out of it. */
    void act() throws Exception;

    /** Recounts all references; fails if a count is wrong. */
    void recount();

    /** Describes what can be seen of the world: contents and open handles. Equal worlds have equal descriptions. */
    List<String> state();

    /**
     * Returns true if the operation may leave this state when an Error comes out of it.
     *
     * @param before the state before the operation
     * @param after the state after an operation without an Error
     */
    default boolean mayLeave(List<String> state, List<String> before, List<String> after) {
        return state.equals(before) || state.equals(after);
    }

    /** Uses everything that is open on another thread; fails or waits for ever if a lock or slot stayed taken. */
    void use();

    /** Closes everything, and fails if anything is left. */
    void finish() throws Exception;
}
