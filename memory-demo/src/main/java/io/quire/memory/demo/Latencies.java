package io.quire.memory.demo;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * How long the calls of one kind took. Each call is timed alone. One thread writes this; it is read after that thread
 * has ended.
 */
final class Latencies {

    private static final long LONGEST_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final int DIGITS = 3;

    private final Histogram nanos = new Histogram(LONGEST_NANOS, DIGITS);

    /** Adds a call that began at this {@link System#nanoTime} and has just returned. */
    void addSince(long startNanos) {
        add(System.nanoTime() - startNanos);
    }

    void add(long durationNanos) {
        nanos.recordValue(Math.clamp(durationNanos, 0, LONGEST_NANOS));
    }

    long count() {
        return nanos.getTotalCount();
    }

    /** Returns the time in nanoseconds that this percentage of the calls did not exceed; 0 without calls. */
    long percentile(double percent) {
        return nanos.getValueAtPercentile(percent);
    }

    long max() {
        return nanos.getMaxValue();
    }
}
