package io.quire.memory.frame;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Gives memory that has been free for some time back to the operating system: an area of 2 MiB that was completely free
 * at two looks in succession, with no frame of it taken in between. A look goes through all pools, a bounded part in
 * each turn. Any thread; if several call at once, one of them does the work.
 */
public final class IdleMemory {

    /** How many trees, of 8 MiB each, a turn looks at: some microseconds. */
    private static final int TREES_PER_TURN = 4096;

    /** After this many areas a turn ends; each takes the kernel up to a tenth of a millisecond. */
    private static final int AREAS_PER_TURN = 8;

    private final FramePools pools;
    private final long delayNanos;
    private final AtomicBoolean isWorking = new AtomicBoolean();

    // Used only by the thread that works.
    private long nextLook;
    private int pool;
    private int tree;

    /**
     * For all pools of a manager.
     *
     * @param delay the time between two looks: memory goes back after it was free for at least that long, and at most
     *        twice as long
     */
    public IdleMemory(FramePools pools, Duration delay) {
        this.pools = pools;
        // Half the range of a long: the difference of two times must not overflow, in whatever order threads read the
        // clock.
        this.delayNanos = Math.min(TimeUnit.NANOSECONDS.convert(delay), Long.MAX_VALUE / 2);
        this.nextLook = System.nanoTime() + delayNanos;
    }

    /** Continues a look, or begins one if it is time. Returns how many areas it gave back. */
    public int work() {
        return work(System.nanoTime());
    }

    int work(long now) {
        if (!isWorking.compareAndSet(false, true)) {
            return 0;
        }
        try {
            return isLooking(now) ? look() : 0;
        } finally {
            isWorking.set(false);
        }
    }

    private boolean isLooking(long now) {
        if (pool > 0 || tree > 0) {
            return true;
        }
        boolean begins = now - nextLook >= 0;
        if (begins) {
            nextLook = now + delayNanos;
        }
        return begins;
    }

    private int look() {
        int given = 0;
        for (int turn = 0; turn < TREES_PER_TURN && given < AREAS_PER_TURN; turn++) {
            FramePool looked = pools.get(pool);
            given += looked.trimIdle(tree++);
            if (tree == looked.trees()) {
                tree = 0;
                pool++;
            }
            if (pool == pools.count()) {
                pool = 0;
                break;
            }
        }
        return given;
    }
}
