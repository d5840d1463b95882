package io.quire.memory.errors.world;

import io.quire.memory.MemoryManager;

/** Builds the first manager of a process, so that the JVM links what it needs before anything can fail. */
public final class Opening {

    private Opening() {
    }

    public static void open() {
        MemoryManager.builder().hostPool(1 << 20).build().close();
    }
}
