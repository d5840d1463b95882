package io.quire.memory.tier;

/** 32 bits that stand for the key of a page. Pure. */
final class Fingerprint {

    private Fingerprint() {
    }

    /** Well mixed in all bits, whatever the keys: addresses in a row are as good as random ones. */
    static int of(long key) {
        long hash = (key ^ (key >>> 32)) * 0x9E3779B97F4A7C15L;
        return (int) (((hash ^ (hash >>> 29)) * 0xBF58476D1CE4E5B9L) >>> 32);
    }
}
