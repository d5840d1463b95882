package io.quire.memory;

/** Lets tests of devices recount the references of a manager. */
public final class ManagerCheck {

    private ManagerCheck() {
    }

    /** Fails if a count is wrong anywhere; only while nothing else runs. */
    public static void recount(MemoryManager manager) {
        manager.check();
    }
}
