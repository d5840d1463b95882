package io.quire.memory.tier;

import io.quire.memory.guard.Mutex;
import java.time.Duration;
import org.agrona.concurrent.NanoClock;

/**
 * Says when to stop moving pages to the device because they do not stay there: when the pages in use do not fit, each
 * promotion evicts a page that is promoted next, and the machine does nothing but copy.
 * <p>
 * A page that is demoted within a window of its promotion has bounced. When more than a quarter of the promotions of
 * the last two windows bounced, promotions pause for a window, then for two, and so on up to 64, for as long as they
 * go on bouncing; a window in which they stay makes the next pause short again. And never do more than a fixed number
 * begin in one window.
 * <p>
 * Any thread; may wait for another thread's few stores.
 */
public final class PingPong {

    /** Fewer promotions than these prove nothing. */
    static final int SAMPLE_MIN = 16;

    /** One in so many may bounce. */
    private static final int BOUNCED_SHARE = 4;

    private static final int PAUSE_WINDOWS_MAX = 64;

    private final long windowNs;
    private final int perWindowMax;
    private final NanoClock clock;
    private final Mutex lock = new Mutex();

    // All below: under the lock.
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
     * Has seen nothing yet.
     *
     * @param window       how long a promoted page has to stay not to have bounced
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
     * @return whether it may be moved; if so it counts as moved
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

    /** The page has left the device, whether or not it came by way of {@link #tryPromote}. */
    public void demoted(long key) {
        lock.lock();
        try {
            long nowNs = clock.nanoTime();
            turnWindow(nowNs);
            long promotedNs = promoted.remove(key);
            if (promotedNs != RecentKeys.ABSENT && nowNs - promotedNs <= windowNs) {
                bounces++;
                pauseIfTheyBounce(nowNs);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether a promotion would be refused now because too many bounced. */
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

    private void pauseIfTheyBounce(long nowNs) {
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
