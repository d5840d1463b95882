package io.quire.memory.bench.map;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Runs without the flags of the rivals, and with Unsafe denied. */
class MapKindTest {

    @Test
    void kindThatNeedsNoFlagIsNotMissing() {
        assertThat(MapKind.QUIRE.whyMissing()).isEmpty();
        assertThat(MapKind.TRIE_MAP.whyMissing()).isEmpty();
    }

    @Test
    void lmdbWithoutItsFlagsSaysWhyItIsMissing() {
        assertThat(MapKind.LMDB.whyMissing()).contains("java.nio");
    }

    @Test
    void chronicleMapWithoutItsFlagsSaysWhyItIsMissing() {
        assertThat(MapKind.CHRONICLE_MAP.whyMissing()).contains("objectFieldOffset");
    }
}
