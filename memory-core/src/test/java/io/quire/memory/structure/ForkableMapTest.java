package io.quire.memory.structure;

import static io.quire.memory.structure.MapModel.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.contract.StructureFullException;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class ForkableMapTest {

    private static final byte[] KEY = bytes("key");
    private static final byte[] VALUE = bytes("value");

    private final MemoryManager memory = MemoryManager.builder().hostPool(32L << 20)
            .backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace("main");
    private final ForkableMap map = ForkableMap.create(space, 1L << 30);

    @AfterEach
    void close() {
        if (!space.isClosed()) {
            map.check();
            space.close();
        }
        memory.close();
    }

    @Test
    void newMapIsEmptyAndCostsOneFrame() {
        assertThat(map.size()).isZero();
        assertThat(map.isEmpty()).isTrue();
        assertThat(map.get(KEY)).isNull();
        assertThat(map.containsKey(KEY)).isFalse();
        assertThat(map.remove(KEY)).isFalse();
        assertThat(memory.statistics().usedBytes()).isEqualTo(4096);
        assertThat(map.usedBytes()).isEqualTo(4096);
        assertThat(map.regionBytes()).isEqualTo(1L << 30);
    }

    @Test
    void valueIsFoundReplacedAndRemoved() {
        assertThat(map.put(KEY, VALUE)).isFalse();
        assertThat(map.get(KEY)).isEqualTo(VALUE);
        assertThat(map.put(KEY, bytes("another"))).isTrue();
        assertThat(map.get(KEY)).isEqualTo(bytes("another"));
        assertThat(map.size()).isEqualTo(1);
        assertThat(map.valueBytes()).isEqualTo(7);
        assertThat(map.remove(KEY)).isTrue();
        assertThat(map.get(KEY)).isNull();
        assertThat(map.valueBytes()).isZero();
    }

    @Test
    void keysAndValuesMayBeEmpty() {
        map.put(new byte[0], VALUE);
        map.put(KEY, new byte[0]);
        assertThat(map.get(new byte[0])).isEqualTo(VALUE);
        assertThat(map.get(KEY)).isEmpty();
        map.put(new byte[0], new byte[0]);
        assertThat(map.get(new byte[0])).isEmpty();
        assertThat(map.size()).isEqualTo(2);
    }

    @Test
    void keysThatBeginAlikeAreDifferent() {
        for (int length = 0; length < 200; length++) {
            map.put(new byte[length], bytes("" + length));
        }
        for (int length = 0; length < 200; length++) {
            assertThat(map.get(new byte[length])).isEqualTo(bytes("" + length));
        }
    }

    @Test
    void longestKeyIsTakenAndALongerOneIsNot() {
        byte[] longest = new byte[MapWriter.KEY_MAX];
        map.put(longest, VALUE);
        assertThat(map.get(longest)).isEqualTo(VALUE);
        byte[] longer = new byte[MapWriter.KEY_MAX + 1];
        assertThatIllegalArgumentException().isThrownBy(() -> map.put(longer, VALUE))
                .withMessage("a key has at most 65535 bytes: length=65536");
        assertThat(map.get(longer)).isNull();
        assertThat(map.remove(longer)).isFalse();
    }

    @Test
    void valueThatCanNeverFitIsRefusedAsMisuse() {
        ForkableMap small = ForkableMap.create(space, 8192);
        assertThatIllegalArgumentException().isThrownBy(() -> small.put(KEY, new byte[4096]))
                .withMessageContaining("keyLength=3, valueLength=4096, room=4080");
        small.check();
    }

    @Test
    void valuesOfManyPagesComeBackAsTheyWere() {
        RandomGenerator random = RandomGeneratorFactory.getDefault().create(1);
        byte[] large = MapModel.randomBytes(random, 9_000_001);
        map.put(KEY, large);
        assertThat(map.get(KEY)).isEqualTo(large);
    }

    @Test
    void largeBlocksThatBecomeFreeGiveTheirFramesBack() {
        map.put(KEY, VALUE);
        long before = usedBytes();
        map.put(bytes("large"), new byte[10 << 20]);
        map.remove(bytes("large"));
        assertThat(usedBytes()).isLessThanOrEqualTo(before + 4 * 4096);
        try (Accessor accessor = space.accessor()) {
            ForkableMap mine = map.with(accessor);
            mine.put(bytes("large"), new byte[10 << 20]);
            mine.clear();
        }
        assertThat(usedBytes()).isEqualTo(4096);
    }

    /** Returns the used bytes of the pool after all closed trees are destroyed. */
    private long usedBytes() {
        while (memory.reclaim(1000) > 0) {}
        return memory.statistics().usedBytes();
    }

    @Test
    void tableGrowsAndShrinksWithTheEntries() {
        for (int i = 0; i < 20_000; i++) {
            map.put(bytes("key" + i), bytes("value" + i));
        }
        map.check();
        for (int i = 0; i < 20_000; i++) {
            assertThat(map.get(bytes("key" + i))).isEqualTo(bytes("value" + i));
        }
        for (int i = 0; i < 20_000; i++) {
            assertThat(map.remove(bytes("key" + i))).isTrue();
        }
        assertThat(map.size()).isZero();
        map.check();
        map.clear();
        assertThat(map.usedBytes()).isEqualTo(4096);
        map.put(KEY, VALUE);
        assertThat(map.get(KEY)).isEqualTo(VALUE);
    }

    @Test
    void churnOfNewKeysDoesNotFillTheTableWithTombstones() {
        for (int i = 0; i < 50_000; i++) {
            map.put(bytes("key" + i), VALUE);
            if (i >= 100) {
                assertThat(map.remove(bytes("key" + (i - 100)))).isTrue();
            }
        }
        assertThat(map.size()).isEqualTo(100);
        assertThat(map.usedBytes()).isLessThan(64 << 10);
    }

    @Test
    void updatesOfEqualSizeTakeOneBlockMore() {
        map.put(KEY, new byte[4096]);
        map.put(KEY, new byte[4096]);
        long used = map.usedBytes();
        for (int i = 0; i < 10_000; i++) {
            map.put(KEY, new byte[4096]);
        }
        assertThat(map.usedBytes()).isEqualTo(used);
    }

    @Test
    void updatesOfRandomSizesStayWithinASmallFactorOfWhatIsHeld() {
        RandomGenerator random = RandomGeneratorFactory.getDefault().create(MapModel.seed());
        for (int i = 0; i < 100_000; i++) {
            map.put(bytes("key" + random.nextInt(500)), new byte[random.nextInt(2000)]);
        }
        assertThat(map.usedBytes()).isLessThan(4 * map.valueBytes());
        map.check();
    }

    @Test
    void fullRegionRefusesAndChangesNothing() {
        ForkableMap small = ForkableMap.create(space, 64 << 10);
        MapModel model = new MapModel();
        assertThatThrownBy(() -> {
            for (int i = 0;; i++) {
                model.put(small, bytes("key" + i), new byte[500]);
            }
        }).isInstanceOf(StructureFullException.class)
                .hasMessageContaining("neededBytes=640").hasMessageContaining("regionBytes=65536");
        model.check(small);
        assertThat(small.size()).isGreaterThan(70);
        model.remove(small, bytes("key3"));
        model.put(small, bytes("shorter"), new byte[100]); // into the block that was larger
        model.check(small);
    }

    @Test
    void forkHasTheSameMapAtTheSameAddress() {
        map.put(KEY, VALUE);
        try (AddressSpace child = space.fork()) {
            ForkableMap forked = ForkableMap.open(child, map.address());
            assertThat(forked.get(KEY)).isEqualTo(VALUE);
            map.put(KEY, bytes("parent"));
            forked.put(KEY, bytes("child"));
            forked.put(bytes("only in the child"), VALUE);
            assertThat(map.get(KEY)).isEqualTo(bytes("parent"));
            assertThat(forked.get(KEY)).isEqualTo(bytes("child"));
            assertThat(map.size()).isEqualTo(1);
            assertThat(forked.size()).isEqualTo(2);
            forked.check();
        }
    }

    @Test
    void snapshotCanBeReadAndNotChanged() {
        map.put(KEY, VALUE);
        try (AddressSpace snapshot = space.snapshot()) {
            ForkableMap past = ForkableMap.open(snapshot, map.address());
            map.remove(KEY);
            assertThat(past.get(KEY)).isEqualTo(VALUE);
            assertThatThrownBy(() -> past.put(KEY, VALUE)).isInstanceOf(ProtectionException.class);
            assertThatThrownBy(() -> past.remove(KEY)).isInstanceOf(ProtectionException.class);
            assertThatThrownBy(past::clear).isInstanceOf(ProtectionException.class);
            past.forEach((key, value) -> assertThat(value).isEqualTo(VALUE));
            past.check();
        }
    }

    @Test
    void forEachSeesOneMomentWhileTheActionChangesTheMap() {
        for (int i = 0; i < 100; i++) {
            map.put(bytes("" + i), VALUE);
        }
        int[] seen = {0};
        map.forEach((key, value) -> {
            seen[0]++;
            map.remove(key);
            map.put(bytes("new" + seen[0]), value);
        });
        assertThat(seen[0]).isEqualTo(100);
        assertThat(map.size()).isEqualTo(100);
    }

    @Test
    void forEachSeesAllEntriesAlsoIfTheActionClosesTheSpace() {
        for (int i = 0; i < 100; i++) {
            map.put(bytes("" + i), VALUE);
        }
        for (AddressSpace closed : List.of(space.fork(), space.snapshot())) {
            int[] seen = {0};
            ForkableMap.open(closed, map.address()).forEach((key, value) -> {
                seen[0]++;
                closed.close();
            });
            assertThat(seen[0]).as(closed.toString()).isEqualTo(100);
        }
    }

    @Test
    void forEachThroughAnAccessorAloneFailsWhenTheMapIsChanged() {
        map.put(KEY, VALUE);
        map.put(bytes("2"), VALUE);
        try (Accessor accessor = space.accessor()) {
            ForkableMap mine = ForkableMap.open(accessor, map.address());
            int[] seen = {0};
            mine.forEach((key, value) -> seen[0]++);
            assertThat(seen[0]).isEqualTo(2);
            assertThatThrownBy(() -> mine.forEach((key, value) -> map.remove(key)))
                    .isInstanceOf(ConcurrentModificationException.class);
        }
    }

    @Test
    void sameMapThroughAnAccessor() {
        try (Accessor accessor = space.accessor()) {
            ForkableMap mine = map.with(accessor);
            mine.put(KEY, VALUE);
            assertThat(map.get(KEY)).isEqualTo(VALUE);
            assertThat(mine.with(space).get(KEY)).isEqualTo(VALUE);
        }
    }

    @Test
    void entryThatLooksUnchangedAfterAClearIsNotTrusted() {
        map.put(KEY, VALUE);
        long block = MapHeader.BYTES; // entries come before the table that is made for them
        long first = space.getLong(map.address() + block);
        assertThat(BlockHeader.kind(first)).isEqualTo(BlockHeader.ENTRY);
        assertThat(map.isStill(block, 1)).isTrue();
        map.put(bytes("2"), VALUE);
        assertThat(map.isStill(block, 1)).isTrue();
        map.clear();
        space.setLong(map.address() + block, first);
        assertThat(map.isStill(block, 1)).isFalse();
    }

    @Test
    void mapOfAnAccessorBelongsToItsThread() throws InterruptedException {
        try (Accessor accessor = space.accessor()) {
            ForkableMap mine = map.with(accessor);
            mine.put(KEY, VALUE);
            Thread.ofVirtual().start(() -> {
                assertThatThrownBy(() -> mine.get(KEY)).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(() -> mine.put(KEY, KEY)).isInstanceOf(WrongThreadException.class);
                map.put(bytes("2"), VALUE);
            }).join();
            assertThat(mine.get(KEY)).isEqualTo(VALUE);
            assertThat(mine.size()).isEqualTo(2);
        }
    }

    @Test
    void accessThatLeadsToAnotherMapIsRefused() {
        try (AddressSpace other = memory.newAddressSpace()) {
            assertThatThrownBy(() -> map.with(other)).isInstanceOf(AddressNotMappedException.class);
            ForkableMap.create(other, 1 << 20);
            assertThatIllegalArgumentException().isThrownBy(() -> map.with(other))
                    .withMessageContaining("the access leads to another map");
        }
    }

    @Test
    void regionsOfImpossibleSizeAreRefused() {
        for (long size : new long[] {Long.MIN_VALUE, -1, 0, 8191, MapHeader.REGION_MAX + 1, Long.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> ForkableMap.create(space, size))
                    .withMessageContaining("capacityBytes=" + size);
        }
        assertThat(ForkableMap.create(space, 8193).regionBytes()).isEqualTo(12288);
        assertThat(ForkableMap.create(space, MapHeader.REGION_MAX).isEmpty()).isTrue();
    }

    @Test
    void addressWithoutAMapIsRefused() {
        long address = space.map(1 << 20);
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableMap.open(space, address))
                .withMessageContaining("there is no map at this address").withMessageContaining("ForkableMap.address()")
                .withMessageNotContaining("tombstones");
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableMap.open(space, map.address() + 8));
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableMap.open(space, -4096));
        assertThatThrownBy(() -> ForkableMap.open(space, 1L << 45))
                .isInstanceOf(AddressNotMappedException.class);
        assertThatThrownBy(() -> ForkableMap.open(space, 1L << 62))
                .isInstanceOf(AddressNotMappedException.class);
    }

    @Test
    void randomHeadersAreRefusedOrAnswered() {
        long seed = MapModel.seed();
        RandomGenerator random = RandomGeneratorFactory.getDefault().create(seed);
        map.put(KEY, VALUE);
        for (int round = 0; round < 200; round++) {
            try (AddressSpace victim = space.fork()) {
                for (int i = random.nextInt(1, 4); i > 0; i--) {
                    long garbage = random.nextLong() >>> random.nextInt(64);
                    int word = random.nextInt(random.nextBoolean() ? 12 : 600);
                    victim.setLong(map.address() + 8L * word, garbage);
                }
                tryEverything(victim);
            } catch (RuntimeException wrong) {
                throw new AssertionError("seed=" + seed + ", round=" + round, wrong);
            }
        }
    }

    private void tryEverything(AddressSpace victim) {
        try {
            ForkableMap damaged = ForkableMap.open(victim, map.address());
            damaged.get(KEY);
            damaged.forEach((key, value) -> {});
            damaged.put(bytes("2"), VALUE);
            damaged.remove(KEY);
            damaged.clear();
        } catch (IllegalArgumentException | IllegalStateException | MemoryException refused) {
            assertThat(refused).hasMessageContaining("=");
        }
    }

    @Test
    void headerOfAnotherVersionIsRefused() {
        long version = map.address() + MapHeader.VERSION_AT;
        space.setLong(version, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableMap.open(space, map.address()))
                .withMessageContaining("made by another version of the library").withMessageContaining("version=1");
        space.setLong(version, 2);
    }

    @Test
    void closedSpaceRefusesEverything() {
        map.put(KEY, VALUE);
        space.close();
        assertThatThrownBy(() -> map.get(KEY)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> map.put(KEY, VALUE)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> map.remove(KEY)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(map::clear).isInstanceOf(ClosedException.class);
        assertThatThrownBy(map::size).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> map.forEach((key, value) -> {})).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> ForkableMap.open(space, map.address())).isInstanceOf(ClosedException.class);
        assertThat(map.toString()).contains("regionBytes=1073741824");
    }

    @Test
    void recountNoticesWhatDoesNotAddUp() {
        map.put(KEY, VALUE);
        long counts = map.address() + MapHeader.COUNTS_AT;
        space.setLong(counts, CountsWord.of(2, 0));
        assertThatIllegalStateException().isThrownBy(map::check)
                .withMessageContaining("entries: expected=1, found=2");
        space.setLong(counts, CountsWord.of(1, 0));
    }
}
