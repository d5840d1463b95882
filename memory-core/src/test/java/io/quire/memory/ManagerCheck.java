package io.quire.memory;

/** Lets tests of other packages recount the references of a manager. */
public final class ManagerCheck {

    private ManagerCheck() {
    }

    /** Fails if a count is wrong anywhere; only while nothing else runs. */
    public static void recount(MemoryManager manager) {
        manager.check();
    }

    /** Waits until the drivers have been told of all frames that went out of use: nobody else waits for that. */
    public static void awaitTold(MemoryManager manager) {
        manager.awaitTold();
    }
}
