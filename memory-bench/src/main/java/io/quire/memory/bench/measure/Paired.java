package io.quire.memory.bench.measure;

/**
 * Measures two things by turns, so that what else the machine does affects both: after the warm-up a sample of the one
 * and a sample of the other, and every second time the other way round.
 *
 * @param warmUps rounds that are thrown away
 * @param rounds rounds that count
 */
public record Paired(int warmUps, int rounds) {

    /** For operations of this process: about a second, of which a quarter leaves time to the compiler. */
    public static final Paired BATCHES = new Paired(100, 301);

    /** For samples that take longer than a batch has to. */
    public static final Paired LONG_BATCHES = new Paired(10, 31);

    /** For a rival that is a process of its own. */
    public static final Paired PROCESSES = new Paired(1, 5);

    /** Compares; the order of the arguments is the order of the table. */
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
