package io.quire.memory.errors.world;

import io.quire.memory.MemoryManager;

/** The first manager of a process: what it does, the virtual machine links before anything can fail. */
public final class Opening {

    private Opening() {
    }

    public static void open() {
        MemoryManager.builder().hostPool(1 << 20).build().close();
    }
}
