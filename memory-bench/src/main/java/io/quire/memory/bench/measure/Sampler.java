package io.quire.memory.bench.measure;

import java.util.stream.DoubleStream;

/** One side of a comparison. */
@FunctionalInterface
public interface Sampler {

    /** Measures some milliseconds of the operation; nanoseconds for one of it. */
    double sample();

    /** The median of so many samples as one sample, for a comparison that can afford only few rounds. */
    default Sampler medianOf(int samples) {
        return () -> Comparison.median(DoubleStream.generate(this::sample).limit(samples).toArray());
    }
}
