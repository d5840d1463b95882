package io.quire.memory.demo;

import io.quire.memory.MemoryManager;
import java.util.concurrent.TimeUnit;

/** Waits until the memory of closed spaces is reclaimed. The agent of the manager may reclaim at the same time. */
final class Reclaim {

    private static final int NODES_PER_TURN = 1024;
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long PAUSE_MILLIS = 1;

    private Reclaim() {
    }

    /**
     * Reclaims until only this many bytes of all pools are in use, or until ten seconds have passed.
     *
     * @return how many bytes more than that are still in use
     */
    static long untilUsedIs(long sizeBytes, MemoryManager memory) throws InterruptedException {
        long start = System.nanoTime();
        long beyond;
        do {
            if (memory.reclaim(NODES_PER_TURN) == 0) {
                Thread.sleep(PAUSE_MILLIS);
            }
            beyond = usedBytes(memory) - sizeBytes;
        } while (beyond != 0 && System.nanoTime() - start < LONGEST_NANOS);
        return beyond;
    }

    private static long usedBytes(MemoryManager memory) {
        return memory.pools().stream().mapToLong(pool -> pool.sizeBytes() - pool.freeBytes()).sum();
    }
}
