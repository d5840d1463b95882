package io.quire.memory.bench.measure;

import java.util.Arrays;

/**
 * The middle of a series of samples, and how far half of them are from it.
 *
 * @param low a quarter of the samples was lower
 * @param median half of them
 * @param high three quarters
 */
public record Quartiles(double low, double median, double high) {

    /** Of samples in any order. */
    static Quartiles of(double[] samples) {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        return new Quartiles(at(0.25, sorted), at(0.5, sorted), at(0.75, sorted));
    }

    /** Half the distance of the outer two, as a part of their middle: how far one round is from another. */
    public double spread() {
        return (high - low) / (high + low);
    }

    private static double at(double part, double[] sorted) {
        return sorted[(int) Math.round(part * (sorted.length - 1))];
    }
}
