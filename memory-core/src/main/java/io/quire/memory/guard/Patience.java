package io.quire.memory.guard;

import java.util.concurrent.locks.LockSupport;

/**
 * Waits for somebody who needs nanoseconds: spins, then yields to let a descheduled thread run, then sleeps, and
 * gives up after ten seconds, because then the other side is dead and not slow.
 */
final class Patience {

    private static final int SPINS = 200;
    private static final int YIELDS = 1_000;
    private static final long NAP_NANOS = 50_000;
    private static final long LIMIT_NANOS = 10_000_000_000L;

    private int pauses;
    private long begin;

    /**
     * Lets a moment pass.
     *
     * @param awaited what is waited for, for the message
     * @throws IllegalStateException after ten seconds
     */
    @SuppressWarnings("ThreadPriorityCheck") // a hint is all that is wanted: a descheduled thread may run
    void pause(String awaited) {
        if (pauses == 0) {
            begin = System.nanoTime();
        }
        pauses++;
        if (pauses < SPINS) {
            Thread.onSpinWait();
        } else if (pauses < YIELDS) {
            Thread.yield();
        } else if (System.nanoTime() - begin < LIMIT_NANOS) {
            LockSupport.parkNanos(NAP_NANOS);
        } else {
            throw new IllegalStateException(awaited + " has not ended for 10 seconds: its thread died inside of it");
        }
    }
}
