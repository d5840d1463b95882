package io.quire.memory.bench.measure;

import java.util.Arrays;

/**
 * The quartiles of a series of samples.
 *
 * @param low a quarter of the samples is lower
 * @param median half of the samples are lower
 * @param high three quarters of the samples are lower
 */
public record Quartiles(double low, double median, double high) {

    /** Returns the quartiles of samples, which may be in any order. */
    static Quartiles of(double[] samples) {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        return new Quartiles(at(0.25, sorted), at(0.5, sorted), at(0.75, sorted));
    }

    /** Returns the quartiles of the samples, each divided by a number above zero. */
    Quartiles dividedBy(double divisor) {
        return new Quartiles(low / divisor, median / divisor, high / divisor);
    }

    /** Returns half the distance between the outer quartiles, as a fraction of their mean. */
    public double spread() {
        return (high - low) / (high + low);
    }

    private static double at(double part, double[] sorted) {
        return sorted[(int) Math.round(part * (sorted.length - 1))];
    }
}
