package io.quire.memory.demo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the live map must hold, kept on the Java heap: its keys, the hash of every entry, and the sum of these hashes.
 * For one thread at a time.
 */
final class ExpectedMap {

    private final List<byte[]> keys = new ArrayList<>();
    private long[] hashes = new long[1 << 10];
    private long valueBytes;
    private long checksum;

    /** Adds an entry that was put into the map under a new key. */
    void add(byte[] key, byte[] value) {
        int index = keys.size();
        if (index == hashes.length) {
            hashes = Arrays.copyOf(hashes, 2 * index);
        }
        keys.add(key);
        hashes[index] = Checksum.entryHash(key, value);
        checksum += hashes[index];
        valueBytes += value.length;
    }

    /**
     * Replaces the hash of an entry.
     *
     * @return the checksum of the map after the change
     */
    long replace(int index, long hash) {
        checksum += hash - hashes[index];
        hashes[index] = hash;
        return checksum;
    }

    byte[] key(int index) {
        return keys.get(index);
    }

    long hash(int index) {
        return hashes[index];
    }

    int entries() {
        return keys.size();
    }

    /** Returns the bytes of all values, including their update numbers. */
    long valueBytes() {
        return valueBytes;
    }

    long checksum() {
        return checksum;
    }
}
