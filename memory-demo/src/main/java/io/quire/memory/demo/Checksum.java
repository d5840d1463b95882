package io.quire.memory.demo;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The checksum of a whole map: the sum of the 64-bit hashes of all entries. So it does not depend on the order of the
 * entries, and one changed entry needs no scan. Also counts the entries and finds the newest update. For one thread.
 */
final class Checksum {

    /** The hash that an entry adds to the sum. */
    @FunctionalInterface
    interface EntryHash {
        long of(byte[] key, byte[] value);
    }

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    // MurmurHash3's constants for 64 bits.
    private static final long WORD_1 = 0x87C37B91114253D5L;
    private static final long WORD_2 = 0x4CF5AD432745937FL;
    private static final int WORD_ROTATION = 31;
    private static final int STEP_ROTATION = 27;
    private static final int STEP_FACTOR = 5;
    private static final long STEP_SUM = 0x52DCE729L;
    private static final long FINISH_1 = 0xFF51AFD7ED558CCDL;
    private static final long FINISH_2 = 0xC4CEB9FE1A85EC53L;
    private static final int FINISH_SHIFT = 33;

    private final EntryHash hash;
    private long sum;
    private long entries;
    private long newestUpdate;

    Checksum(EntryHash hash) {
        this.hash = hash;
    }

    /** Adds an entry. */
    void add(byte[] key, byte[] value) {
        sum += hash.of(key, value);
        entries++;
        newestUpdate = Math.max(newestUpdate, UpdateNumber.of(value));
    }

    long sum() {
        return sum;
    }

    long entries() {
        return entries;
    }

    /** Returns the highest update number of all values; 0 if there are no values. */
    long newestUpdate() {
        return newestUpdate;
    }

    /**
     * Returns the hash of an entry. It depends on every bit of the key and the value, on their lengths, and on where
     * the key ends.
     */
    static long entryHash(byte[] key, byte[] value) {
        return finish(hash(hash(0, key), value));
    }

    private static long hash(long seed, byte[] bytes) {
        long hash = step(seed, bytes.length);
        int at = 0;
        for (; at <= bytes.length - Long.BYTES; at += Long.BYTES) {
            hash = step(hash, (long) LONGS.get(bytes, at));
        }
        for (; at < bytes.length; at++) {
            hash = step(hash, bytes[at]);
        }
        return hash;
    }

    /**
     * Mixes a word into the hash. For a fixed word it maps hashes one to one, and for a fixed hash it maps words one to
     * one. So inputs that differ in only one word never have the same hash.
     */
    private static long step(long hash, long word) {
        long mixed = Long.rotateLeft(word * WORD_1, WORD_ROTATION) * WORD_2;
        return Long.rotateLeft(hash ^ mixed, STEP_ROTATION) * STEP_FACTOR + STEP_SUM;
    }

    private static long finish(long hash) {
        long mixed = (hash ^ hash >>> FINISH_SHIFT) * FINISH_1;
        mixed = (mixed ^ mixed >>> FINISH_SHIFT) * FINISH_2;
        return mixed ^ mixed >>> FINISH_SHIFT;
    }
}
