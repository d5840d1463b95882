package io.quire.memory.tier;

/** A hash of the key of a page, 32 bits. Pure. */
final class Fingerprint {

    private Fingerprint() {
    }

    /** Mixes the key into all bits, so that consecutive addresses do as well as random ones. */
    static int of(long key) {
        long hash = (key ^ (key >>> 32)) * 0x9E3779B97F4A7C15L;
        return (int) (((hash ^ (hash >>> 29)) * 0xBF58476D1CE4E5B9L) >>> 32);
    }
}
