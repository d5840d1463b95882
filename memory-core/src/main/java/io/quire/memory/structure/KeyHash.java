package io.quire.memory.structure;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Hashes keys, 8 bytes a step: each word is folded in by a 128-bit product with a secret odd number (after wyhash). The
 * secrets come from the seed of the map, so nobody can prepare keys that collide without knowing it. Immutable.
 */
final class KeyHash {

    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final long seed;
    private final long start;
    private final long multiplier;

    KeyHash(long seed) {
        this.seed = seed;
        start = mix(seed);
        multiplier = mix(seed + 0x9E3779B97F4A7C15L) | 1;
    }

    long seed() {
        return seed;
    }

    long of(byte[] key) {
        return of(key, key.length);
    }

    /** The hash of the first bytes of an array. */
    long of(byte[] key, int length) {
        long hash = start + length;
        int at = 0;
        for (; at <= length - Long.BYTES; at += Long.BYTES) {
            hash = fold(hash ^ (long) LONG.get(key, at));
        }
        if (at < length) {
            hash = fold(hash ^ lastBytes(key, at, length));
        }
        return mix(hash);
    }

    private static long lastBytes(byte[] key, int from, int to) {
        long word = 0;
        for (int i = to - 1; i >= from; i--) {
            word = word << Byte.SIZE | Byte.toUnsignedLong(key[i]);
        }
        return word;
    }

    private long fold(long word) {
        return word * multiplier ^ Math.unsignedMultiplyHigh(word, multiplier);
    }

    /**
     * Mixes a word so that every bit of the result depends on every bit of the word (Stafford's variant 13 of the mix
     * of MurmurHash3).
     */
    static long mix(long word) {
        long mixed = (word ^ word >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }
}
