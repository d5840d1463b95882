package io.quire.memory.bench.demo;

import io.quire.memory.MemoryManager;
import java.util.concurrent.TimeUnit;

/** Waits for what closed spaces have left to be reclaimed, which a thread of the manager may be busy with. */
final class Reclaim {

    private static final int NODES_PER_TURN = 1024;
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long PAUSE_MILLIS = 1;

    private Reclaim() {
    }

    /**
     * Reclaims until so many bytes of all pools are in use, or ten seconds have passed.
     *
     * @return how many bytes are in use beyond that
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
