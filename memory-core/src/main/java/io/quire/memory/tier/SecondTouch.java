package io.quire.memory.tier;

import io.quire.memory.guard.Mutex;
import java.time.Duration;
import org.agrona.concurrent.NanoClock;

/**
 * Chooses the pages to promote: those that left the device not long ago and were touched twice within a short time
 * since. After one touch alone there may well be no other. Remembers a fixed number of pages; those that left earlier
 * come back only if the user migrates them.
 * <p>
 * Any thread; may wait for another thread, which holds the lock for a few stores.
 */
public final class SecondTouch {

    private final long windowNs;
    private final NanoClock clock;
    private final Mutex lock = new Mutex();

    // Guarded by the lock:
    private final RecentKeys demoted;
    private final RecentKeys touched;

    /**
     * Creates one that knows no page yet.
     *
     * @param capacity how many demoted pages are remembered; 24 to 48 bytes each
     * @param window   the longest time between two touches that count together
     * @throws IllegalArgumentException unless {@code 1 <= capacity <= 2^28} and the window is positive
     */
    public SecondTouch(int capacity, Duration window, NanoClock clock) {
        if (capacity < 1 || capacity > 1 << 28 || !window.isPositive()) {
            throw new IllegalArgumentException("want 1 <= capacity <= 2^28 and a positive window: capacity=" + capacity
                    + ", window=" + window);
        }
        this.windowNs = window.toNanos();
        this.clock = clock;
        demoted = new RecentKeys(capacity);
        touched = new RecentKeys(capacity); // as many, because all demoted pages may be in use
    }

    /** Notes that the page has left the device. */
    public void demoted(long key) {
        lock.lock();
        try {
            demoted.put(key, clock.nanoTime());
            touched.remove(key);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Notes that the page was used where it is now.
     *
     * @return true if it should be promoted; then the page is forgotten until it is demoted again
     */
    public boolean touched(long key) {
        lock.lock();
        try {
            long nowNs = clock.nanoTime();
            if (demoted.get(key) == RecentKeys.ABSENT) {
                return false;
            }
            long firstNs = touched.remove(key);
            if (firstNs != RecentKeys.ABSENT && nowNs - firstNs <= windowNs) {
                demoted.remove(key);
                return true;
            }
            touched.put(key, nowNs);
            return false;
        } finally {
            lock.unlock();
        }
    }
}
