package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.contract.StructureFullException;
import io.quire.memory.nodes.NodeRegion;
import io.quire.memory.testkit.Threads;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class ForkableLongMapTest {

    private static final long SMALLEST_REGION = 64 << 10;
    private static final long LARGEST_REGION = 1L << 35;

    private final MemoryManager memory = MemoryManager.builder().hostPool(64L << 20)
            .backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace("main");
    private final ForkableLongMap map = ForkableLongMap.create(space, 1L << 30);

    @AfterEach
    void close() {
        if (!space.isClosed()) {
            map.check();
            space.close();
        }
        memory.close();
    }

    /** Returns the used bytes of the pool after all closed trees are destroyed. */
    private long usedBytes() {
        while (memory.reclaim(1000) > 0) {}
        return memory.statistics().usedBytes();
    }

    private static Map<Long, Long> entries(ForkableLongMap map) {
        Map<Long, Long> entries = new HashMap<>();
        map.forEach((key, value) -> assertThat(entries.put(key, value)).isNull());
        return entries;
    }

    private static void fill(ForkableLongMap map, int entries) {
        for (int key = 0; key < entries; key++) {
            map.put(key, -key);
        }
    }

    // ---- ordinary use

    @Test
    void newMapIsEmptyAndCostsOneFrame() {
        assertThat(map.size()).isZero();
        assertThat(map.isEmpty()).isTrue();
        assertThat(map.getOrDefault(1, -7)).isEqualTo(-7);
        assertThat(map.containsKey(1)).isFalse();
        assertThat(map.remove(1)).isFalse();
        assertThat(entries(map)).isEmpty();
        assertThat(usedBytes()).isEqualTo(4096);
        assertThat(map.regionBytes()).isEqualTo(1L << 30);
        assertThat(map.usedBytes()).isBetween(4096L, 1L << 20);
    }

    @Test
    void valueIsFoundReplacedAndRemoved() {
        assertThat(map.put(1, 10)).isFalse();
        assertThat(map.getOrDefault(1, -7)).isEqualTo(10);
        assertThat(map.put(1, 11)).isTrue();
        assertThat(map.put(1, 11)).isTrue();
        assertThat(map.getOrDefault(1, -7)).isEqualTo(11);
        assertThat(map.size()).isEqualTo(1);
        assertThat(map.isEmpty()).isFalse();
        assertThat(map.remove(1)).isTrue();
        assertThat(map.remove(1)).isFalse();
        assertThat(map.getOrDefault(1, -7)).isEqualTo(-7);
        assertThat(map.isEmpty()).isTrue();
    }

    @Test
    void everyKeyAndEveryValueIsOrdinary() {
        long[] numbers = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, Integer.MIN_VALUE, 1L << 32};
        for (long key : numbers) {
            for (long value : numbers) {
                map.put(key, value);
                assertThat(map.getOrDefault(key, ~value)).isEqualTo(value);
                assertThat(map.containsKey(key)).isTrue();
            }
        }
        assertThat(map.size()).isEqualTo(numbers.length);
        for (long key : numbers) {
            assertThat(map.remove(key)).isTrue();
            assertThat(map.containsKey(key)).isFalse();
        }
        assertThat(map.isEmpty()).isTrue();
    }

    @Test
    void valueIsSetOnlyIfThereIsNone() {
        assertThat(map.putIfAbsent(1, 0)).isTrue();
        assertThat(map.putIfAbsent(1, 5)).isFalse();
        assertThat(map.getOrDefault(1, -7)).isZero();
    }

    @Test
    void sumsWrapAround() {
        assertThat(map.addTo(1, Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
        assertThat(map.addTo(1, 1)).isEqualTo(Long.MIN_VALUE);
        assertThat(map.addTo(1, Long.MIN_VALUE)).isZero();
        assertThat(map.addTo(2, 0)).isZero();
        assertThat(map.containsKey(2)).isTrue();
        assertThat(map.addTo(2, 0)).isZero();
    }

    @Test
    void operatorGetsTheOldValueOnce() {
        List<Long> given = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            map.update(1, 100, old -> {
                given.add(old);
                return old + 1;
            });
        }
        assertThat(given).containsExactly(100L, 101L, 102L);
    }

    @Test
    void operatorThatThrowsChangesNothing() {
        map.put(1, 10);
        for (long key : new long[] {1, 2}) {
            assertThatThrownBy(() -> map.update(key, 0, old -> {
                throw new ArithmeticException("of the operator");
            })).isInstanceOf(ArithmeticException.class);
        }
        assertThat(entries(map)).isEqualTo(Map.of(1L, 10L));
        assertThat(map.update(1, 0, old -> old * 2)).isEqualTo(20);
    }

    @Test
    void operatorThatChangesTheMapIsRefusedThroughAnyAccess() {
        map.put(1, 10);
        try (Accessor accessor = space.accessor()) {
            for (ForkableLongMap same : List.of(map, map.with(space), map.with(accessor))) {
                assertThatIllegalStateException().isThrownBy(() -> map.update(1, 0, old -> {
                    same.put(2, 20);
                    return 11;
                })).withMessageContaining("cannot begin another operation");
                assertThatIllegalStateException().isThrownBy(() -> same.update(1, 0, old -> {
                    map.clear();
                    return 11;
                })).withMessageContaining("cannot begin another operation");
            }
        }
        assertThat(entries(map)).isEqualTo(Map.of(1L, 10L));
    }

    @Test
    void operatorMayReadTheMapAndChangeAForkOfIt() {
        fill(map, 100);
        map.update(1, 0, old -> {
            try (AddressSpace child = space.fork()) {
                ForkableLongMap forked = map.with(child);
                forked.put(1, 77);
                forked.clear();
                assertThat(entries(map)).hasSize(100);
                return map.getOrDefault(2, 0) + old;
            }
        });
        assertThat(map.getOrDefault(1, 0)).isEqualTo(-3);
        assertThat(map.size()).isEqualTo(100);
    }

    @Test
    void operatorThatClosesTheSpaceEndsTheChange() {
        map.put(1, 10);
        assertThatThrownBy(() -> map.update(1, 0, old -> {
            space.close();
            return 11;
        })).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> map.getOrDefault(1, 0)).isInstanceOf(ClosedException.class);
    }

    @Test
    void manyEntriesComeAndGo() {
        fill(map, 50_000);
        map.check();
        assertThat(map.size()).isEqualTo(50_000);
        for (int key = 0; key < 50_000; key++) {
            assertThat(map.getOrDefault(key, 1)).isEqualTo(-key);
        }
        for (int key = 0; key < 50_000; key++) {
            assertThat(map.remove(key)).isTrue();
        }
        assertThat(map.isEmpty()).isTrue();
        map.check();
    }

    @Test
    void clearGivesTheFramesBack() {
        fill(map, 20_000);
        long before = usedBytes();
        long used = map.usedBytes();
        map.clear();
        assertThat(map.isEmpty()).isTrue();
        assertThat(map.containsKey(1)).isFalse();
        assertThat(usedBytes()).isLessThan(before / 20);
        assertThat(map.usedBytes()).isLessThan(used / 20);
        map.clear();
        fill(map, 20_000); // over the old counts
        map.check();
        assertThat(entries(map)).hasSize(20_000);
        assertThat(usedBytes()).isLessThan(before + (64 << 10));
    }

    @Test
    void textSaysWhereAndHowLarge() {
        assertThat(map.toString()).isEqualTo("ForkableLongMap[address=0x" + Long.toHexString(map.address())
                + ", regionBytes=1073741824]");
    }

    // ---- forks and snapshots

    @Test
    void forkHasTheSameMapAtTheSameAddress() {
        map.put(1, 10);
        try (AddressSpace child = space.fork()) {
            ForkableLongMap forked = map.with(child);
            assertThat(forked.address()).isEqualTo(map.address());
            map.put(1, 11);
            forked.put(1, 12);
            forked.put(2, 20);
            assertThat(entries(map)).isEqualTo(Map.of(1L, 11L));
            assertThat(entries(forked)).isEqualTo(Map.of(1L, 12L, 2L, 20L));
            forked.check();
        }
    }

    @Test
    void snapshotCanBeReadAndNotChanged() {
        map.put(1, 10);
        try (AddressSpace snapshot = space.snapshot()) {
            ForkableLongMap past = map.with(snapshot);
            map.remove(1);
            assertThat(past.getOrDefault(1, 0)).isEqualTo(10);
            assertThatThrownBy(() -> past.put(1, 10)).isInstanceOf(ProtectionException.class);
            assertThatThrownBy(() -> past.put(1, 11)).isInstanceOf(ProtectionException.class);
            assertThatThrownBy(() -> past.put(2, 11)).isInstanceOf(ProtectionException.class);
            assertThatThrownBy(() -> past.putIfAbsent(1, 11)).isInstanceOf(ProtectionException.class);
            assertThatThrownBy(() -> past.addTo(1, 0)).isInstanceOf(ProtectionException.class);
            assertThatThrownBy(() -> past.remove(1)).isInstanceOf(ProtectionException.class);
            assertThatThrownBy(() -> past.remove(2)).isInstanceOf(ProtectionException.class);
            assertThatThrownBy(past::clear).isInstanceOf(ProtectionException.class);
            assertThat(entries(past)).isEqualTo(Map.of(1L, 10L));
            past.check();
        }
    }

    @Test
    void spaceOfASnapshotCannotGetAMap() {
        try (AddressSpace snapshot = space.snapshot()) {
            assertThatThrownBy(() -> ForkableLongMap.create(snapshot, 1 << 20)).isInstanceOf(ProtectionException.class);
        }
    }

    // ---- all entries

    @Test
    void forEachSeesOneMomentWhileTheActionChangesTheMap() {
        fill(map, 1000);
        int[] seen = {0};
        map.forEach((key, value) -> {
            seen[0]++;
            assertThat(value).isEqualTo(-key);
            map.remove(key);
            map.put(1_000_000 + seen[0], 1);
        });
        assertThat(seen[0]).isEqualTo(1000);
        assertThat(map.size()).isEqualTo(1000);
    }

    @Test
    void forEachSeesAllEntriesAlsoIfTheActionClosesTheSpace() {
        fill(map, 1000);
        for (AddressSpace closed : List.of(space.fork(), space.snapshot())) {
            int[] seen = {0};
            map.with(closed).forEach((key, value) -> {
                seen[0]++;
                closed.close();
            });
            assertThat(seen[0]).as(closed.toString()).isEqualTo(1000);
        }
    }

    @Test
    void forEachEndsWithWhatTheActionThrowsAndHoldsNothing() {
        fill(map, 10);
        assertThatThrownBy(() -> map.forEach((key, value) -> {
            throw new ArithmeticException("of the action");
        })).isInstanceOf(ArithmeticException.class);
        assertThat(memory.openSpaces()).hasSize(1);
    }

    // ---- threads and accesses

    @Test
    void writersThroughDifferentAccessesTakeTurns() {
        Map<Long, Long> model = new HashMap<>();
        try (Accessor first = space.accessor(); Accessor second = space.accessor()) {
            List<ForkableLongMap> same = List.of(map.with(first), map, map.with(second));
            for (long i = 0; i < 60_000; i++) {
                ForkableLongMap turn = same.get((int) (i % 3));
                long key = (i * 0x9E3779B97F4A7C15L >>> 40) % 3_000;
                if ((i / 6_000 & 1) == 1 && i % 4 != 0) {
                    assertThat(turn.remove(key)).isEqualTo(model.remove(key) != null);
                } else {
                    assertThat(turn.put(key, i)).isEqualTo(model.put(key, i) != null);
                }
                if (i % 500 == 0) {
                    space.fork().close();
                }
            }
            same.forEach(each -> assertThat(entries(each)).isEqualTo(model));
        }
    }

    @Test
    void mapOfAnAccessorBelongsToItsThread() throws InterruptedException {
        try (Accessor accessor = space.accessor()) {
            ForkableLongMap mine = map.with(accessor);
            mine.put(1, 10);
            Threads.elsewhere(() -> {
                assertThatThrownBy(() -> mine.getOrDefault(1, 0)).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(() -> mine.put(1, 11)).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(() -> mine.remove(1)).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(mine::clear).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(mine::size).isInstanceOf(WrongThreadException.class);
                map.put(2, 20);
            });
            assertThat(entries(mine)).isEqualTo(Map.of(1L, 10L, 2L, 20L));
        }
    }

    @Test
    void closedAccessorRefuses() {
        Accessor accessor = space.accessor();
        ForkableLongMap mine = map.with(accessor);
        mine.put(1, 10);
        accessor.close();
        assertThatThrownBy(() -> mine.getOrDefault(1, 0)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> mine.put(1, 11)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> mine.put(2, 11)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> mine.remove(1)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(mine::size).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> ForkableLongMap.open(accessor, map.address())).isInstanceOf(ClosedException.class);
        assertThat(entries(map)).isEqualTo(Map.of(1L, 10L));
    }

    @Test
    void closedSpaceRefusesEverything() {
        map.put(1, 10);
        space.close();
        assertThatThrownBy(() -> map.getOrDefault(1, 0)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> map.containsKey(1)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> map.put(1, 10)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> map.addTo(1, 10)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> map.remove(1)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(map::clear).isInstanceOf(ClosedException.class);
        assertThatThrownBy(map::size).isInstanceOf(ClosedException.class);
        assertThatThrownBy(map::usedBytes).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> map.forEach((key, value) -> {})).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> ForkableLongMap.open(space, map.address())).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> ForkableLongMap.create(space)).isInstanceOf(ClosedException.class);
        assertThat(map.toString()).contains("regionBytes=1073741824");
    }

    // ---- bad input

    @Test
    void regionsOfImpossibleSizeAreRefused() {
        for (long size : new long[] {Long.MIN_VALUE, -1, 0, SMALLEST_REGION - 1, LARGEST_REGION + 1, Long.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> ForkableLongMap.create(space, size))
                    .withMessageContaining("capacityBytes=" + size);
        }
        assertThat(ForkableLongMap.create(space, SMALLEST_REGION).regionBytes()).isEqualTo(SMALLEST_REGION);
        assertThat(ForkableLongMap.create(space, SMALLEST_REGION + 1).regionBytes()).isEqualTo(SMALLEST_REGION + 4096);
        ForkableLongMap largest = ForkableLongMap.create(space);
        assertThat(largest.regionBytes()).isEqualTo(LARGEST_REGION);
        fill(largest, 1000);
        largest.check();
    }

    @Test
    void refusedMapLeavesNothingMapped() {
        try (MemoryManager small = MemoryManager.builder().hostPool(64 << 10).backgroundAgent(false).build();
                AddressSpace full = small.newAddressSpace()) {
            full.fill(full.map(64 << 10), 64 << 10, (byte) 1);
            int mappings = full.mappings().size();
            assertThatThrownBy(() -> ForkableLongMap.create(full))
                    .isInstanceOf(OutOfFramesException.class);
            assertThat(full.mappings()).hasSize(mappings);
        }
    }

    @Test
    void addressWithoutAMapIsRefused() {
        long empty = space.map(1 << 20);
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableLongMap.open(space, empty))
                .withMessageContaining("there is no map of longs at this address");
        long other = ForkableMap.create(space, 1 << 20).address();
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableLongMap.open(space, other))
                .withMessageContaining("there is no map of longs at this address");
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableMap.open(space, map.address()))
                .withMessageContaining("there is no map at this address");
        for (long address : new long[] {map.address() + 8, map.address() + 1, -4096, -1, Long.MIN_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> ForkableLongMap.open(space, address))
                    .withMessageContaining("begins at a multiple of 4096");
        }
        for (long address : new long[] {0, 1L << 45, 1L << 62, Long.MAX_VALUE & -4096}) {
            assertThatThrownBy(() -> ForkableLongMap.open(space, address))
                    .isInstanceOf(AddressNotMappedException.class);
        }
    }

    @Test
    void regionThatIsUnmappedInPartIsRefused() {
        ForkableLongMap torn = ForkableLongMap.create(space, 1 << 20);
        space.unmap(torn.address() + (1 << 19), 4096);
        assertThatThrownBy(() -> ForkableLongMap.open(space, torn.address()))
                .isInstanceOf(AddressNotMappedException.class);
    }

    @Test
    void headerOfAnotherVersionIsRefused() {
        ForkableLongMap other = ForkableLongMap.create(space, 1 << 20);
        space.setLong(other.address() + 8, 2);
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableLongMap.open(space, other.address()))
                .withMessageContaining("made by another version of the library").withMessageContaining("version=2");
    }

    @Test
    void accessThatLeadsToAnotherMapIsRefused() {
        try (AddressSpace other = memory.newAddressSpace()) {
            assertThatThrownBy(() -> map.with(other)).isInstanceOf(AddressNotMappedException.class);
            assertThat(ForkableLongMap.create(other, 1 << 20).address()).isEqualTo(map.address());
            assertThatIllegalArgumentException().isThrownBy(() -> map.with(other))
                    .withMessageContaining("the access leads to another map");
        }
    }

    @Test
    @SuppressWarnings({"DataFlowIssue", "NullAway"})
    void nullIsRefusedBeforeAnythingChanges() {
        assertThatNullPointerException().isThrownBy(() -> ForkableLongMap.create(null)).withMessage("space");
        assertThatNullPointerException().isThrownBy(() -> ForkableLongMap.create(null, 1)).withMessage("space");
        assertThatNullPointerException().isThrownBy(() -> ForkableLongMap.open(null, 1)).withMessage("access");
        assertThatNullPointerException().isThrownBy(() -> map.with(null)).withMessage("access");
        assertThatNullPointerException().isThrownBy(() -> map.update(1, 0, null)).withMessage("change");
        assertThatNullPointerException().isThrownBy(() -> map.forEach(null)).withMessage("action");
        assertThat(map.isEmpty()).isTrue();
    }

    // ---- a full region

    private static Map<Long, Long> fillUp(ForkableLongMap small) {
        Map<Long, Long> model = new HashMap<>();
        assertThatThrownBy(() -> {
            for (long key = 0;; key++) {
                small.put(key, -key);
                model.put(key, -key);
            }
        }).isInstanceOf(StructureFullException.class).hasMessageContaining("regionBytes=" + small.regionBytes());
        return model;
    }

    @Test
    void fullRegionRefusesAndChangesNothing() {
        ForkableLongMap small = ForkableLongMap.create(space, SMALLEST_REGION);
        Map<Long, Long> model = fillUp(small);
        assertThat(model.size()).isGreaterThan(1000);
        assertThat(entries(small)).isEqualTo(model);
        small.check();
        for (long key = 0; key < model.size(); key++) {
            assertThat(small.put(key, key)).isTrue();
        }
        small.check();
    }

    @Test
    void memoryOfRemovedEntriesIsUsedAgain() {
        fill(map, 20_000);
        long used = map.usedBytes();
        for (int round = 0; round < 8; round++) {
            for (int key = 0; key < 20_000; key++) {
                map.remove(key);
            }
            map.check();
            fill(map, 20_000);
            assertThat(map.usedBytes()).isLessThan(used * 5 / 4);
            map.check();
        }
    }

    @Test
    void everyEntryOfAFullRegionCanBeRemovedAndItsRoomUsedAgain() {
        ForkableLongMap small = ForkableLongMap.create(space, SMALLEST_REGION);
        int first = fillUp(small).size();
        for (int round = 0; round < 5; round++) {
            for (long key = small.size() - 1; key >= 0; key--) {
                assertThat(small.remove(key)).isTrue();
            }
            assertThat(small.isEmpty()).isTrue();
            small.check();
            assertThat(fillUp(small).size()).isGreaterThan(first * 3 / 4); // the last pages may hold inner nodes
            small.check();
        }
    }

    @Test
    void entriesOfAFullRegionAreRemovedBesideASnapshotToo() {
        ForkableLongMap small = ForkableLongMap.create(space, SMALLEST_REGION);
        Map<Long, Long> model = fillUp(small);
        try (AddressSpace snapshot = space.snapshot()) {
            for (long key = 0; key < model.size(); key++) {
                assertThat(small.remove(key)).isTrue();
            }
            assertThat(small.isEmpty()).isTrue();
            small.check();
            assertThat(entries(small.with(snapshot))).isEqualTo(model);
        }
        assertThat(fillUp(small).size()).isGreaterThan(model.size() * 3 / 4);
    }

    @Test
    void valuesOfAFullRegionAreReplacedBesideASnapshotToo() {
        ForkableLongMap small = ForkableLongMap.create(space, SMALLEST_REGION);
        Map<Long, Long> model = fillUp(small);
        for (int round = 0; round < 5; round++) {
            try (AddressSpace snapshot = space.snapshot()) {
                for (long key = 0; key < model.size(); key++) {
                    small.addTo(key, 1);
                }
                assertThat(entries(small.with(snapshot))).isEqualTo(model);
                model.replaceAll((key, value) -> value + 1);
                assertThat(entries(small)).isEqualTo(model);
                small.check();
            }
        }
    }

    /** A change counts notes if there are many. A snapshot of that moment cannot. */
    @Test
    void snapshotOfAnyMomentIsReadWithTheLockToo() {
        AddressSpace before = space.snapshot();
        for (int key = 0; key < 500; key++) {
            map.put(key, -key);
            AddressSpace snapshot = space.snapshot();
            before.close();
            before = snapshot;
            NodeRegion past = NodeRegion.locate("map", snapshot, map.address(), ForkableLongMap.MAGIC);
            assertThat(new LongMapWriter(past, past.seed()).readQuietly(key, 1, false)).isEqualTo(-key);
            map.with(snapshot).check();
        }
        before.close();
    }
}
