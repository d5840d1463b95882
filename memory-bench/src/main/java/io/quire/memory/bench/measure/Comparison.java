package io.quire.memory.bench.measure;

import java.util.Arrays;

/**
 * What came out of two series of samples taken by turns.
 *
 * @param ourNanos our samples
 * @param theirNanos theirs
 * @param cost ours divided by theirs, round by round
 * @param earlyCost the median of that in the first half of the rounds
 * @param lateCost in the second half
 */
public record Comparison(Quartiles ourNanos, Quartiles theirNanos, Quartiles cost, double earlyCost,
        double lateCost) {

    /** Compares; the samples with the same index were taken one after the other. */
    public static Comparison of(double[] ours, double[] theirs) {
        double[] costs = new double[ours.length];
        Arrays.setAll(costs, i -> ours[i] / theirs[i]);
        // Of an odd number of rounds the middle one is in both halves; so there is one in each.
        int half = (costs.length + 1) / 2;
        return new Comparison(Quartiles.of(ours), Quartiles.of(theirs), Quartiles.of(costs),
                median(Arrays.copyOfRange(costs, 0, half)),
                median(Arrays.copyOfRange(costs, costs.length - half, costs.length)));
    }

    /** The median of our samples in nanoseconds. */
    public double ours() {
        return ourNanos.median();
    }

    /** The median of theirs. */
    public double theirs() {
        return theirNanos.median();
    }

    /** How far one round is from another. */
    public double spread() {
        return cost.spread();
    }

    /** How far the halves of the run are from each other, as a part of their middle. */
    public double drift() {
        return 2 * Math.abs(lateCost - earlyCost) / (lateCost + earlyCost);
    }

    static double median(double[] values) {
        return Quartiles.of(values).median();
    }
}
