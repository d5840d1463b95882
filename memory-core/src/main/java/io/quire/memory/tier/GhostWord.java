package io.quire.memory.tier;

/**
 * A page that {@link Ghost} remembers: a tag that tells it from the others in its bucket, and when it left. All methods
 * are pure.
 * <pre>
 *  31                             12 11              0
 * +---------------------------------+-----------------+
 * |               TAG               |      EPOCH      |
 * +---------------------------------+-----------------+
 *                 20                         12        bits
 *
 *   TAG    part of the fingerprint; never 0, so that no page looks like an empty word
 *   EPOCH  when the page left, modulo 4,096; compared by distance, so no word may get older than that
 * </pre>
 */
final class GhostWord {

    private static final int EPOCH_BITS = 12;
    private static final int TAG_BITS = Integer.SIZE - EPOCH_BITS;

    private static final int EPOCH_MASK = (1 << EPOCH_BITS) - 1;
    private static final int TAG_MASK = (1 << TAG_BITS) - 1;

    /** No page. */
    static final int EMPTY = 0;

    private GhostWord() {
    }

    static int of(int fingerprint, int epoch) {
        return tagOf(fingerprint) << EPOCH_BITS | (epoch & EPOCH_MASK);
    }

    /** True if it may be the page with this fingerprint; wrong once in a million. */
    static boolean matches(int word, int fingerprint) {
        return word >>> EPOCH_BITS == tagOf(fingerprint);
    }

    /** How many epochs ago the page left, modulo 4,096. */
    static int age(int word, int epoch) {
        return (epoch - word) & EPOCH_MASK;
    }

    private static int tagOf(int fingerprint) {
        return Math.max(1, fingerprint & TAG_MASK);
    }

    static String toString(int word) {
        return word == EMPTY ? "EMPTY" : "tag=" + (word >>> EPOCH_BITS) + " epoch=" + (word & EPOCH_MASK);
    }
}
