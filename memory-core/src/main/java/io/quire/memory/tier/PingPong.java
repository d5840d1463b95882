package io.quire.memory.tier;

import io.quire.memory.guard.Mutex;
import java.time.Duration;
import org.agrona.concurrent.NanoClock;

/**
 * Stops promotions for a while when the pages do not stay on the device. If the pages in use do not fit, each promotion
 * evicts a page that is promoted next, and the machine does nothing but copy.
 * <p>
 * A page that is demoted within a window of its promotion has bounced. When more than a quarter of the promotions of
 * the last two windows bounced, promotions pause for a window, then for two, four and so on up to 64, as long as pages
 * go on bouncing. A window in which they stay makes the next pause short again. In one window no more than a fixed
 * number of promotions begin.
 * <p>
 * Any thread; may wait for another thread, which holds the lock for a few stores.
 */
public final class PingPong {

    /** Fewer promotions than this prove nothing. */
    static final int SAMPLE_MIN = 16;

    /** One promotion in this many may bounce. */
    private static final int BOUNCED_SHARE = 4;

    private static final int PAUSE_WINDOWS_MAX = 64;

    private final long windowNs;
    private final int perWindowMax;
    private final NanoClock clock;
    private final Mutex lock = new Mutex();

    // Guarded by the lock:
    private final RecentKeys promoted;
    private long windowStartNs;
    private int promotions;
    private int bounces;
    private int lastPromotions;
    private int lastBounces;
    private boolean paused;
    private long pausedAtNs;
    private int pauseWindows = 1;

    /**
     * Creates one that has seen no page yet.
     *
     * @param window       a promoted page that leaves within this time has bounced
     * @param perWindowMax pages that may be promoted in one window
     * @throws IllegalArgumentException unless the window is positive and {@code 1 <= perWindowMax <= 2^24}
     */
    public PingPong(Duration window, int perWindowMax, NanoClock clock) {
        if (!window.isPositive() || perWindowMax < 1 || perWindowMax > 1 << 24) {
            throw new IllegalArgumentException("want a positive window and 1 <= perWindowMax <= 2^24: window=" + window
                    + ", perWindowMax=" + perWindowMax);
        }
        this.windowNs = window.toNanos();
        this.perWindowMax = perWindowMax;
        this.clock = clock;
        promoted = new RecentKeys(4 * perWindowMax); // all of two windows, with room against overflow of a bucket
        windowStartNs = clock.nanoTime();
    }

    /**
     * Asks to move a page to the device.
     *
     * @return true if it may be moved; then it counts as moved
     */
    public boolean tryPromote(long key) {
        lock.lock();
        try {
            long nowNs = clock.nanoTime();
            turnWindow(nowNs);
            if (isPaused(nowNs) || promotions >= perWindowMax) {
                return false;
            }
            promotions++;
            promoted.put(key, nowNs);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Notes that the page has left the device. It need not have come by {@link #tryPromote}. */
    public void demoted(long key) {
        lock.lock();
        try {
            long nowNs = clock.nanoTime();
            turnWindow(nowNs);
            long promotedNs = promoted.remove(key);
            if (promotedNs != RecentKeys.ABSENT && nowNs - promotedNs <= windowNs) {
                bounces++;
                pauseIfBouncing(nowNs);
            }
        } finally {
            lock.unlock();
        }
    }

    /** True if promotions are refused now because too many pages bounced. */
    public boolean isPaused() {
        lock.lock();
        try {
            return isPaused(clock.nanoTime());
        } finally {
            lock.unlock();
        }
    }

    private boolean isPaused(long nowNs) {
        if (paused && nowNs - pausedAtNs >= pauseWindows * windowNs) {
            paused = false;
            pauseWindows = Math.min(2 * pauseWindows, PAUSE_WINDOWS_MAX);
        }
        return paused;
    }

    private void pauseIfBouncing(long nowNs) {
        int all = lastPromotions + promotions;
        if (!isPaused(nowNs) && all >= SAMPLE_MIN && BOUNCED_SHARE * (lastBounces + bounces) > all) {
            paused = true;
            pausedAtNs = nowNs;
            forget(nowNs);
        }
    }

    private void turnWindow(long nowNs) {
        long ageNs = nowNs - windowStartNs;
        if (ageNs < windowNs) {
            return;
        }
        if (promotions >= SAMPLE_MIN && BOUNCED_SHARE * bounces <= promotions) {
            pauseWindows = 1;
        }
        int keptPromotions = ageNs < 2 * windowNs ? promotions : 0;
        int keptBounces = ageNs < 2 * windowNs ? bounces : 0;
        forget(nowNs);
        lastPromotions = keptPromotions;
        lastBounces = keptBounces;
    }

    private void forget(long nowNs) {
        windowStartNs = nowNs;
        promotions = 0;
        bounces = 0;
        lastPromotions = 0;
        lastBounces = 0;
    }
}
