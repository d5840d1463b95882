package io.quire.memory.driver;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits awake for another thread. */
final class Spin {

    /** Longer than most answers take if the other thread has a processor of its own. */
    private static final long ALONE_NANOS = TimeUnit.MICROSECONDS.toNanos(2);

    private Spin() {
    }

    /**
     * Waits until something is so, for some time at most. Soon gives the processor up all the time: a scheduler likes
     * to put two threads that wake each other on one processor, and there each would keep the other one waiting.
     */
    @SuppressWarnings("ThreadPriorityCheck") // nothing relies on it
    static void until(BooleanSupplier done, long nanos) {
        long begin = System.nanoTime();
        while (!done.getAsBoolean()) {
            long waited = System.nanoTime() - begin;
            if (waited >= nanos) {
                return;
            }
            if (waited < ALONE_NANOS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }
}
