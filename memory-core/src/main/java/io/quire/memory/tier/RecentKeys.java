package io.quire.memory.tier;

import java.util.Arrays;

/**
 * The keys of some pages, each with a time, in a table that never grows: a key may push out the oldest of the four in
 * its bucket. Two keys are mistaken for one once in a billion. Not thread-safe.
 */
final class RecentKeys {

    /** No such key. Never a time. */
    static final long ABSENT = Long.MIN_VALUE;

    private static final int BUCKET = 4;

    private final int mask;
    private final int[] fingerprints;
    private final long[] times;

    /** @param capacity keys; rounded up to a power of two that is at least 4 */
    RecentKeys(int capacity) {
        int slots = Math.max(BUCKET, Integer.highestOneBit(Math.max(1, capacity - 1)) << 1);
        mask = slots / BUCKET - 1;
        fingerprints = new int[slots];
        times = new long[slots];
        Arrays.fill(times, ABSENT);
    }

    /** Remembers a key, or gives it another time. Times are nanoseconds that may wrap, as those of System.nanoTime. */
    void put(long key, long timeNs) {
        int fingerprint = Fingerprint.of(key);
        int found = find(fingerprint);
        int slot = found >= 0 ? found : oldest(first(fingerprint));
        fingerprints[slot] = fingerprint;
        times[slot] = timeNs == ABSENT ? ABSENT + 1 : timeNs;
    }

    /** The time of a key, or ABSENT. */
    long get(long key) {
        int slot = find(Fingerprint.of(key));
        return slot >= 0 ? times[slot] : ABSENT;
    }

    /** Forgets a key. Returns its time, or ABSENT. */
    long remove(long key) {
        int slot = find(Fingerprint.of(key));
        if (slot < 0) {
            return ABSENT;
        }
        long timeNs = times[slot];
        times[slot] = ABSENT;
        return timeNs;
    }

    private int find(int fingerprint) {
        int first = first(fingerprint);
        for (int slot = first; slot < first + BUCKET; slot++) {
            if (times[slot] != ABSENT && fingerprints[slot] == fingerprint) {
                return slot;
            }
        }
        return -1;
    }

    private int oldest(int first) {
        int oldest = first;
        for (int slot = first; slot < first + BUCKET; slot++) {
            if (times[slot] == ABSENT) {
                return slot;
            }
            if (times[slot] - times[oldest] < 0) {
                oldest = slot;
            }
        }
        return oldest;
    }

    private int first(int fingerprint) {
        return (fingerprint & mask) * BUCKET;
    }
}
