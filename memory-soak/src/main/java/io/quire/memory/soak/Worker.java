package io.quire.memory.soak;

/** What one thread of a crowd does over and over. */
interface Worker {

    /** One turn. A refusal ends it early and changes nothing. */
    void turn();

    /** Frees what the thread holds, before it ends. */
    default void end() {
    }
}
