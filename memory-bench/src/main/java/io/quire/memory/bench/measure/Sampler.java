package io.quire.memory.bench.measure;

import java.util.stream.DoubleStream;

/** One side of a comparison. */
@FunctionalInterface
public interface Sampler {

    /** Measures some milliseconds of the operation; nanoseconds for one of it. */
    double sample();

    /**
     * The same after it has run for some time without being measured: until the caches hold what it needs, and no
     * longer what the other side needed.
     */
    default Sampler afterRunning(long nanos) {
        return () -> {
            long start = System.nanoTime();
            while (System.nanoTime() - start < nanos) {
                sample();
            }
            return sample();
        };
    }

    /** The median of so many samples as one sample, for a comparison that can afford only few rounds. */
    default Sampler medianOf(int samples) {
        return () -> Comparison.median(DoubleStream.generate(this::sample).limit(samples).toArray());
    }
}
