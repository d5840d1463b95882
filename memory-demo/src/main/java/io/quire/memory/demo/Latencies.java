package io.quire.memory.demo;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** How long the calls of one kind took, each timed by itself. Written by one thread and read after it has ended. */
final class Latencies {

    private static final long LONGEST_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final int DIGITS = 3;

    private final Histogram nanos = new Histogram(LONGEST_NANOS, DIGITS);

    /** Enters a call that began at a time of {@link System#nanoTime} and has just returned. */
    void addSince(long startNanos) {
        add(System.nanoTime() - startNanos);
    }

    void add(long durationNanos) {
        nanos.recordValue(Math.clamp(durationNanos, 0, LONGEST_NANOS));
    }

    long count() {
        return nanos.getTotalCount();
    }

    /** The time in nanoseconds that this percentage of the calls did not exceed; 0 without calls. */
    long percentile(double percent) {
        return nanos.getValueAtPercentile(percent);
    }

    long max() {
        return nanos.getMaxValue();
    }
}
