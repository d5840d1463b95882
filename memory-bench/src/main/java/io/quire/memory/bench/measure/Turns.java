package io.quire.memory.bench.measure;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Measures any number of things by turns, for the lines of a {@link Chart}. As with {@link Paired}, whatever else the
 * machine does affects all of them.
 *
 * @param warmUps rounds before the first that counts
 * @param rounds rounds that count
 */
public record Turns(int warmUps, int rounds) {

    /** Returns the median of each in nanoseconds, in the order of the arguments. */
    public double[] medians(List<Sampler> samplers) {
        double[][] nanos = new double[samplers.size()][rounds];
        for (int round = -warmUps; round < rounds; round++) {
            for (int i = 0; i < nanos.length; i++) {
                double sample = samplers.get(i).sample();
                if (round >= 0) {
                    nanos[i][round] = sample;
                }
            }
        }
        return IntStream.range(0, nanos.length).mapToDouble(i -> Comparison.median(nanos[i])).toArray();
    }
}
