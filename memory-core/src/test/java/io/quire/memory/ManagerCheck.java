package io.quire.memory;

import io.quire.memory.space.Machine;

/** Lets tests of other packages at what only this package may call. */
public final class ManagerCheck {

    private ManagerCheck() {
    }

    /** Fails if any reference count of a manager is wrong. Nothing else may run meanwhile. */
    public static void recount(MemoryManager manager) {
        manager.check();
    }

    /**
     * Waits until the drivers have been told about every freed frame. The library never waits for it.
     */
    public static void awaitTold(MemoryManager manager) {
        manager.awaitTold();
    }

    /** Returns what a manager and its spaces have in common inside the library. */
    public static Machine machine(AddressSpace space) {
        return space.inner().machine();
    }
}
