package io.quire.memory.guard;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How long the locks of spaces were held: a histogram for stress tests, kept if {@code -Dquire.holdTimes=true} is set.
 * Otherwise a lock costs nothing more. Any thread.
 */
public final class HoldTimes {

    /** A constant for the compiler. */
    static final boolean ARE_KEPT = Boolean.getBoolean("quire.holdTimes");

    /** Element i counts the times from 2<sup>i</sup> ns to below twice as much. */
    private static final AtomicLongArray COUNTS = new AtomicLongArray(Long.SIZE);

    private HoldTimes() {
    }

    static void note(long nanos) {
        COUNTS.incrementAndGet(Long.SIZE - 1 - Long.numberOfLeadingZeros(Math.max(1, nanos)));
    }

    /**
     * Describes the times so far in a line.
     *
     * @return the number of times, and bounds of the median, of the 99th and the 99.9th percentile and of the longest
     */
    public static String describe() {
        long total = 0;
        for (int i = 0; i < COUNTS.length(); i++) {
            total += COUNTS.get(i);
        }
        return "locks of spaces were held: times=" + total + ", half of them below " + below(total / 2)
                + ", 99 % below " + below(total - total / 100) + ", 99.9 % below " + below(total - total / 1000)
                + ", all below " + below(total);
    }

    /** The bound below which so many of the times lie. */
    private static String below(long times) {
        long counted = 0;
        int bucket = 0;
        while (bucket < COUNTS.length() - 1 && counted + COUNTS.get(bucket) < times) {
            counted += COUNTS.get(bucket);
            bucket++;
        }
        double micros = (double) (2L << bucket) / TimeUnit.MICROSECONDS.toNanos(1);
        return String.format(Locale.ROOT, "%.1f us", micros);
    }
}
