package io.quire.memory.bench.measure;

import java.util.function.LongSupplier;

/**
 * Times an operation of this process, and repeats it until the reading of the clock no longer matters. Preparation and
 * clean-up are not timed.
 *
 * @param operation does the work several times and returns a value that depends on all of it
 * @param count how many times it does the work
 * @param before prepares one call of the operation
 * @param after cleans up after one call
 */
public record Timed(LongSupplier operation, int count, Runnable before, Runnable after) implements Sampler {

    /**
     * A sample takes at least this long: a thousand times what reading the clock costs, yet short compared with a time
     * slice of the scheduler.
     */
    private static final long SAMPLE_NANOS = 1_000_000;

    /** Receives every result, so that the compiler cannot remove the work that leads to it. */
    @SuppressWarnings("UnusedVariable") // only written, never read
    private static volatile long sink;

    /** Makes an operation that needs no preparation and no clean-up. */
    public static Timed of(int count, LongSupplier operation) {
        return new Timed(operation, count, Timed::nothing, Timed::nothing);
    }

    @Override
    public double sample() {
        long nanos = 0;
        long operations = 0;
        while (nanos < SAMPLE_NANOS) {
            before.run();
            long start = System.nanoTime();
            long result = operation.getAsLong();
            nanos += System.nanoTime() - start;
            after.run();
            sink = result;
            operations += count;
        }
        return (double) nanos / operations;
    }

    private static void nothing() {
    }
}
