package io.quire.memory.bench.measure;

/**
 * Measures two things by turns, so that whatever else the machine does affects both. Each round takes a sample of each;
 * every second round takes them in the opposite order.
 *
 * @param warmUps rounds before the first that counts
 * @param rounds rounds that count
 */
public record Paired(int warmUps, int rounds) {

    /** For operations of this process. Takes about a second; a quarter of that is warm-up for the compiler. */
    public static final Paired BATCHES = new Paired(100, 301);

    /** For operations that take longer than a batch of short ones. */
    public static final Paired LONG_BATCHES = new Paired(10, 31);

    /** For a rival that runs as a process of its own. */
    public static final Paired PROCESSES = new Paired(1, 5);

    /** Measures and compares. */
    public Comparison compare(Sampler ours, Sampler theirs) {
        for (int i = 0; i < warmUps; i++) {
            ours.sample();
            theirs.sample();
        }
        double[] ourNanos = new double[rounds];
        double[] theirNanos = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            if (i % 2 == 0) {
                ourNanos[i] = ours.sample();
                theirNanos[i] = theirs.sample();
            } else {
                theirNanos[i] = theirs.sample();
                ourNanos[i] = ours.sample();
            }
        }
        return Comparison.of(ourNanos, theirNanos);
    }
}
