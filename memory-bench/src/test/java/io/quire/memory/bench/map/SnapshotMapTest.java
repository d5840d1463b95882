package io.quire.memory.bench.map;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every measured map promises. Needs the flags of the rivals. */
@Tag("rivals")
class SnapshotMapTest {

    private static final int ENTRIES = 2 * FilledMap.BATCH;

    private final long[] some = {FilledMap.key(0), FilledMap.key(17), FilledMap.key(ENTRIES - 1)};
    private final long[] other = {FilledMap.key(1)};

    @ParameterizedTest
    @EnumSource
    void runsWithTheFlagsOfTheRivals(MapKind kind) {
        assertThat(kind.whyMissing()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void keepsEveryKeyThatWasPut(MapKind kind) {
        try (SnapshotMap map = filled(kind, 3)) {
            assertThat(map.read(allKeys())).isEqualTo(3L * Values.WORDS * ENTRIES);
        }
    }

    @ParameterizedTest
    @EnumSource
    void snapshotKeepsOldValuesWhileTheMapHasNewOnes(MapKind kind) {
        try (SnapshotMap map = filled(kind, 1); MapView first = map.snapshot()) {
            map.put(some, 2);
            try (MapView second = map.snapshot()) {
                map.put(some, 3);
                assertThat(first.read(some)).isEqualTo(sumOf(1, some));
                assertThat(second.read(some)).isEqualTo(sumOf(2, some));
                assertThat(map.read(some)).isEqualTo(sumOf(3, some));
                assertThat(second.read(other)).isEqualTo(sumOf(1, other));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void mapAndOlderSnapshotOutliveAClosedOne(MapKind kind) {
        try (SnapshotMap map = filled(kind, 1); MapView first = map.snapshot()) {
            map.put(some, 2);
            map.snapshot().close();
            map.settle();
            map.put(some, 3);
            assertThat(first.read(some)).isEqualTo(sumOf(1, some));
            assertThat(map.read(some)).isEqualTo(sumOf(3, some));
        }
    }

    private static SnapshotMap filled(MapKind kind, long word) {
        SnapshotMap map = kind.newMap(ENTRIES);
        map.put(allKeys(), word);
        return map;
    }

    private static long[] allKeys() {
        long[] keys = new long[ENTRIES];
        for (int i = 0; i < ENTRIES; i++) {
            keys[i] = FilledMap.key(i);
        }
        return keys;
    }

    private static long sumOf(long word, long[] keys) {
        return word * Values.WORDS * keys.length;
    }
}
