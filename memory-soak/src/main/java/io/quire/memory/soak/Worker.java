package io.quire.memory.soak;

/** The work that one thread of a crowd does over and over. */
interface Worker {

    /** Does one turn. A refusal ends it early and changes nothing. */
    void turn();

    /** Frees what the thread holds, before it ends. */
    default void end() {
    }
}
