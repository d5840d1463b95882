package io.quire.memory.bench.measure;

import java.util.stream.DoubleStream;

/** One side of a comparison. */
@FunctionalInterface
public interface Sampler {

    /** Runs the operation for some milliseconds, and returns how many nanoseconds one operation takes. */
    double sample();

    /**
     * Runs the operation unmeasured for some time before each sample, so that the caches hold what it needs and not
     * what the other side needed.
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

    /** Makes one sample the median of several, for a comparison with few rounds. */
    default Sampler medianOf(int samples) {
        return () -> Comparison.median(DoubleStream.generate(this::sample).limit(samples).toArray());
    }
}
