package io.quire.memory.bench.measure;

import java.util.stream.DoubleStream;

/** One side of a comparison. */
@FunctionalInterface
public interface Sampler {

    /** Runs the operation for some milliseconds, and returns how many nanoseconds one takes. */
    double sample();

    /**
     * Takes each sample after the operation has run for some time without being measured, until the caches hold what it
     * needs and no longer what the other side needed.
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

    /** Takes the median of several samples as one sample, for a comparison that can afford only few rounds. */
    default Sampler medianOf(int samples) {
        return () -> Comparison.median(DoubleStream.generate(this::sample).limit(samples).toArray());
    }
}
