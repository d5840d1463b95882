package io.quire.memory.bench.measure;

import java.util.Arrays;

/**
 * The result of two series of samples that were taken by turns.
 *
 * @param ourNanos our samples
 * @param theirNanos their samples
 * @param cost ours divided by theirs, round by round
 * @param earlyCost the median cost in the first half of the rounds
 * @param lateCost the median cost in the second half
 */
public record Comparison(Quartiles ourNanos, Quartiles theirNanos, Quartiles cost, double earlyCost,
        double lateCost) {

    /** Compares two series. Samples with the same index were taken one right after the other. */
    public static Comparison of(double[] ours, double[] theirs) {
        double[] costs = new double[ours.length];
        Arrays.setAll(costs, i -> ours[i] / theirs[i]);
        // If the number of rounds is odd, the middle round counts in both halves, so no half is empty.
        int half = (costs.length + 1) / 2;
        return new Comparison(Quartiles.of(ours), Quartiles.of(theirs), Quartiles.of(costs),
                median(Arrays.copyOfRange(costs, 0, half)),
                median(Arrays.copyOfRange(costs, costs.length - half, costs.length)));
    }

    /** Returns the median of our samples in nanoseconds. */
    public double ours() {
        return ourNanos.median();
    }

    /** Returns the median of their samples in nanoseconds. */
    public double theirs() {
        return theirNanos.median();
    }

    /** Returns how much the cost varies from round to round, as a fraction. */
    public double spread() {
        return cost.spread();
    }

    /** Returns how far the costs of both halves of the run are apart, as a fraction of their mean. */
    public double drift() {
        return 2 * Math.abs(lateCost - earlyCost) / (lateCost + earlyCost);
    }

    static double median(double[] values) {
        return Quartiles.of(values).median();
    }
}
