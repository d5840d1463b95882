package io.quire.memory.guard;

import static org.assertj.core.api.Assertions.assertThat;

/** Something that a lock guards, as the library has it: who holds the lock has a frame of the library on its stack. */
public final class Turns {

    private static final long TURN_NANOS = 20_000;

    private final Mutex lock = new Mutex();

    /** Under the lock. */
    private int inside;

    /** Takes the lock for some microseconds; fails if anybody else has it. */
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
}
