package io.quire.memory.stress;

import java.util.concurrent.atomic.AtomicInteger;

/** The two actors of an iteration wait here for each other, so that what they do next collides. */
final class Meeting {

    private static final int ACTORS = 2;
    private static final int SPINS = 1_000;

    private final AtomicInteger arrivals = new AtomicInteger();

    @SuppressWarnings("ThreadPriorityCheck") // only a hint that the other actor may run
    void meet() {
        arrivals.incrementAndGet();
        for (int spins = 0; arrivals.get() < ACTORS; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }
}
