package io.quire.memory.bench.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Measures any number of things by turns. As with {@link Paired}, whatever else the machine does affects all of them.
 *
 * @param warmUps rounds before the first that counts
 * @param rounds rounds that count
 */
public record Turns(int warmUps, int rounds) {

    /** Returns the median of each in nanoseconds, in the order of the arguments. */
    public double[] medians(List<Sampler> samplers) {
        return this.<Double>take(samplers.stream().<Supplier<Double>>map(each -> each::sample).toList()).stream()
                .mapToDouble(nanos -> Comparison.median(nanos.stream().mapToDouble(each -> each).toArray())).toArray();
    }

    /**
     * Takes the samples of each, in the order of the arguments. Use this where a sample is more than one figure, such
     * as the percentiles of many operations.
     */
    public <S> List<List<S>> take(List<Supplier<S>> sides) {
        List<List<S>> taken = sides.stream().<List<S>>map(_ -> new ArrayList<>()).toList();
        for (int round = -warmUps; round < rounds; round++) {
            for (int i = 0; i < sides.size(); i++) {
                S sample = sides.get(i).get();
                if (round >= 0) {
                    taken.get(i).add(sample);
                }
            }
        }
        return taken;
    }
}
