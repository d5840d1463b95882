package io.quire.memory.structure;

import java.lang.foreign.MemorySegment;

/**
 * The words of a map as they will be: its memory, and over it some writes that are not applied yet. A writer collects
 * its changes in it; a reader sees a committed journal through it.
 * <p>
 * Not thread-safe while writes are added; afterwards as thread-safe as the access.
 */
final class Overlay {

    private static final long[] NONE = {};

    private final Region region;
    private final long[] pairs; // offset, value, offset, value, ... as in the journal
    private final MemorySegment segment;
    private int words;

    private Overlay(Region region, long[] pairs, int words) {
        this.region = region;
        this.pairs = pairs;
        this.segment = MemorySegment.ofArray(pairs);
        this.words = words;
    }

    /** The memory as it is, to which no write may be added. */
    static Overlay nothing(Region region) {
        return new Overlay(region, NONE, 0);
    }

    /** An overlay without writes, with room for some. */
    static Overlay withRoom(Region region, int writes) {
        return new Overlay(region, new long[2 * writes], 0);
    }

    /** An overlay of writes that are given as pairs of offset and value. */
    static Overlay of(Region region, long[] pairs) {
        return new Overlay(region, pairs, pairs.length);
    }

    Region region() {
        return region;
    }

    long get(long offset) {
        for (int i = 0; i < words; i += 2) {
            if (pairs[i] == offset) {
                return pairs[i + 1];
            }
        }
        return region.get(offset);
    }

    /** Adds a write, or changes the value of an earlier one at the same offset. */
    void set(long offset, long value) {
        int i = 0;
        while (i < words && pairs[i] != offset) {
            i += 2;
        }
        pairs[i] = offset;
        pairs[i + 1] = value;
        words = Math.max(words, i + 2);
    }

    /** True if this many more writes can be added. */
    boolean hasRoom(int writes) {
        return words + 2 * writes <= pairs.length;
    }

    void forgetWrites() {
        words = 0;
    }

    /** The number of writes. */
    int writes() {
        return words / 2;
    }

    long offset(int write) {
        return pairs[2 * write];
    }

    long value(int write) {
        return pairs[2 * write + 1];
    }

    /** Copies the writes, offset and value in turn, into the region. */
    void copyInto(long offset) {
        region.write(offset, segment, (long) words * Long.BYTES);
    }
}
