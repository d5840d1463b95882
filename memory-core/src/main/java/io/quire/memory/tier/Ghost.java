package io.quire.memory.tier;

import java.util.Arrays;

/**
 * Remembers the pages that were evicted last without having been used, to recognize those that come back. Keeps
 * fingerprints only, four bytes a slot, in buckets of one cache line: a page may be forgotten a little early when its
 * bucket overflows (1 in 100), or mistaken for another one (1 in 65,000). Not thread-safe.
 * <p>
 * Age is counted in epochs; an epoch is a thousandth of the capacity. Each page that is remembered sweeps one bucket,
 * so expired words are gone long before their epochs come round again.
 */
final class Ghost {

    private static final int BUCKET = 64 / Integer.BYTES;

    /** Pages in each bucket when the table is full. A quarter of the slots stays free against overflow. */
    private static final int BUCKET_LOAD = 12;

    /** Epochs that a page is remembered for; a quarter of those a word can tell apart. */
    private static final int EPOCHS = 1024;

    private final int capacity;
    private final int pagesPerEpoch;
    private final int buckets;
    private final int[] words;

    private long remembered;
    private int swept;

    /** @param capacity how many pages are remembered; at least 1 */
    Ghost(int capacity) {
        this.capacity = capacity;
        pagesPerEpoch = (capacity + EPOCHS - 1) / EPOCHS;
        buckets = (capacity + BUCKET_LOAD - 1) / BUCKET_LOAD;
        words = new int[buckets * BUCKET];
    }

    /** Remembers a page, and perhaps forgets the oldest of its bucket. */
    void remember(int fingerprint) {
        sweep();
        int epoch = epoch();
        int first = firstOf(fingerprint);
        int oldest = first;
        for (int at = first; at < first + BUCKET; at++) {
            int word = words[at];
            if (word == GhostWord.EMPTY || GhostWord.matches(word, fingerprint)) {
                oldest = at;
                break;
            }
            if (GhostWord.age(word, epoch) > GhostWord.age(words[oldest], epoch)) {
                oldest = at;
            }
        }
        words[oldest] = GhostWord.of(fingerprint, epoch);
        remembered++;
    }

    /** Returns true if the page was remembered, and forgets it. */
    boolean recall(int fingerprint) {
        if (remembered == 0) {
            return false; // nothing was evicted yet; a look at a bucket would be a cache miss
        }
        int epoch = epoch();
        int first = firstOf(fingerprint);
        for (int at = first; at < first + BUCKET; at++) {
            if (GhostWord.matches(words[at], fingerprint)) {
                boolean fresh = isFresh(words[at], epoch);
                words[at] = GhostWord.EMPTY;
                return fresh;
            }
        }
        return false;
    }

    private boolean isFresh(int word, int epoch) {
        return (long) GhostWord.age(word, epoch) * pagesPerEpoch < capacity;
    }

    /** Empties the expired words of the next bucket. */
    private void sweep() {
        int epoch = epoch();
        for (int at = swept * BUCKET; at < (swept + 1) * BUCKET; at++) {
            if (!isFresh(words[at], epoch)) {
                words[at] = GhostWord.EMPTY;
            }
        }
        swept = swept + 1 == buckets ? 0 : swept + 1;
    }

    private int epoch() {
        return (int) (remembered / pagesPerEpoch);
    }

    /** The first slot of the bucket. The high bits choose the bucket, the low ones are the tag. */
    private int firstOf(int fingerprint) {
        return (int) ((Integer.toUnsignedLong(fingerprint) * buckets) >>> Integer.SIZE) * BUCKET;
    }

    /** How many pages are remembered now. */
    int size() {
        int epoch = epoch();
        return (int) Arrays.stream(words).filter(word -> word != GhostWord.EMPTY && isFresh(word, epoch)).count();
    }
}
