package io.quire.memory.guard;

import static org.assertj.core.api.Assertions.assertThat;

/** A lock and what it guards. Like in the library, a thread that holds the lock has a library frame on its stack. */
public final class GuardedTurns {

    private static final long TURN_NANOS = 100_000;

    private final Mutex lock = new Mutex();

    /** Number of threads inside; guarded by the lock. */
    private int inside;

    /** Takes the lock for some microseconds; fails if another thread has it too. */
    public void take() {
        lock.lock();
        inside++;
        long end = System.nanoTime() + TURN_NANOS;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(inside).as("threads inside").isEqualTo(1);
        inside--;
        lock.unlock();
    }

    /** Takes the lock and does not give it up, as a thread may that a full stack throws out of the library. */
    public void leave() {
        lock.lock();
    }
}
