package io.quire.memory.driver;

import java.util.function.BooleanSupplier;

/** Waits awake for another thread. */
final class Spin {

    private Spin() {
    }

    /**
     * Waits until something is so, for some time at most. Gives the processor up all the time: a scheduler likes to put
     * two threads that wake each other on one processor, and there each would keep the other one waiting.
     */
    @SuppressWarnings("ThreadPriorityCheck") // nothing relies on it
    static void until(BooleanSupplier done, long nanos) {
        long begin = System.nanoTime();
        while (!done.getAsBoolean() && System.nanoTime() - begin < nanos) {
            Thread.yield();
        }
    }
}
