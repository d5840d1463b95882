package io.quire.memory.bench.fork;

import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/**
 * How long each of many forks took, in nanoseconds.
 *
 * @param p50 the median
 * @param p99 one fork in a hundred took longer
 * @param writesPerSecond how many writes another thread did meanwhile
 */
record ForkTimes(double p50, double p99, double writesPerSecond) {

    /** Finds the line that {@link #line} makes. */
    static final Pattern LINE = Pattern.compile(
            "\\{\"forkNanos\":\\{\"p50\":([0-9.]+),\"p99\":([0-9.]+)\\},\"writesPerSecond\":([0-9.]+)\\}");

    static ForkTimes of(Histogram nanos, double writesPerSecond) {
        return new ForkTimes((double) nanos.getValueAtPercentile(50), (double) nanos.getValueAtPercentile(99),
                writesPerSecond);
    }

    /** Reads a line that was found. */
    static ForkTimes of(MatchResult line) {
        return new ForkTimes(Double.parseDouble(line.group(1)), Double.parseDouble(line.group(2)),
                Double.parseDouble(line.group(3)));
    }

    /** Returns a line that a program prints. */
    String line() {
        return String.format(Locale.ROOT, "{\"forkNanos\":{\"p50\":%.0f,\"p99\":%.0f},\"writesPerSecond\":%.0f}", p50,
                p99, writesPerSecond);
    }
}
