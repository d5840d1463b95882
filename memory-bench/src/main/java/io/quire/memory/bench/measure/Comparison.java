package io.quire.memory.bench.measure;

import java.util.Arrays;

/**
 * What came out of two series of samples taken by turns.
 *
 * @param ours the median of our samples in nanoseconds
 * @param theirs the median of theirs
 * @param lowRatio a quarter of the rounds had a lower quotient of ours and theirs
 * @param highRatio a quarter had a higher one
 */
public record Comparison(double ours, double theirs, double lowRatio, double highRatio) {

    /** Compares; the samples with the same index were taken one after the other. */
    public static Comparison of(double[] ours, double[] theirs) {
        double[] ratios = new double[ours.length];
        Arrays.setAll(ratios, i -> ours[i] / theirs[i]);
        return new Comparison(median(ours), median(theirs), quantile(ratios, 0.25),
                quantile(ratios, 0.75));
    }

    /** Half the distance of the quartiles, as a part of their middle: how far one round is from another. */
    public double spread() {
        return (highRatio - lowRatio) / (highRatio + lowRatio);
    }

    static double median(double[] values) {
        return quantile(values, 0.5);
    }

    private static double quantile(double[] values, double part) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) Math.round(part * (sorted.length - 1))];
    }
}
