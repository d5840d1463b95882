package io.quire.memory.structure;

import static io.quire.memory.structure.MapModel.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.StructureFullException;
import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A map splits the blocks of its region, and merges free neighbours. */
class ForkableMapMemoryTest {

    private final MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace();

    @AfterEach
    void close() {
        space.close();
        memory.close();
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(4).putInt(i).array();
    }

    @Test
    void smallEntriesShareALargeBlockThatBecameFree() {
        ForkableMap map = ForkableMap.create(space, 4L << 20);
        map.put(bytes("blob"), new byte[3 << 20]);
        long used = map.usedBytes();
        map.remove(bytes("blob"));
        for (int i = 0; i < 5_000; i++) {
            map.put(key(i), new byte[100]);
        }
        assertThat(map.usedBytes()).isEqualTo(used);
        map.check();
    }

    @Test
    void emptiedMapTakesEntriesOfAnySize() {
        ForkableMap map = ForkableMap.create(space, 8L << 20);
        fillWith(map, 150);
        empty(map);
        int large = fillWith(map, 1000);
        assertThat(large).isGreaterThan(5_000);
        map.check();
        empty(map);
        map.put(key(0), new byte[2 << 20]);
        assertThat(map.get(key(0))).hasSize(2 << 20);
        map.check();
        empty(map);
        assertThat(fillWith(map, 10)).isGreaterThan(60_000);
        map.check();
    }

    private static int fillWith(ForkableMap map, int valueBytes) {
        int entries = 0;
        try {
            for (;; entries++) {
                map.put(key(entries), new byte[valueBytes]);
            }
        } catch (StructureFullException full) {
            return entries;
        }
    }

    private static void empty(ForkableMap map) {
        map.forEach((key, value) -> map.remove(key));
        assertThat(map.isEmpty()).isTrue();
    }

    @Test
    void emptiedMapGivesItsFramesBackWhenItSweeps() {
        ForkableMap map = ForkableMap.create(space, 8L << 20);
        fillWith(map, 150);
        empty(map);
        fillWith(map, 100_000); // the map sweeps, and then is full
        map.forEach((key, value) -> map.remove(key));
        while (memory.reclaim(1000) > 0) {}
        assertThat(memory.statistics().usedBytes()).isLessThan(2L << 20);
    }

    @Test
    void growingValuesUseAFewTimesTheLiveBytes() {
        ForkableMap map = ForkableMap.create(space, 64L << 20);
        for (int size = 100; size < 100_000; size += size / 8) {
            for (int i = 0; i < 20; i++) {
                map.put(key(i), new byte[size]);
            }
        }
        map.check();
        assertThat(map.usedBytes()).isLessThan(3 * map.valueBytes());
    }

    @Test
    void aFullMapRefusesWithoutGoingOverItsBlocksAgain() {
        ForkableMap map = ForkableMap.create(space, 1 << 20);
        fillWith(map, 100);
        map.remove(key(0));
        assertThatThrownBy(() -> map.put(key(0), new byte[50_000])).isInstanceOf(StructureFullException.class);
        long sequence = StateWord.sequence(space.getLong(map.address() + MapHeader.STATE_AT));
        for (int i = 0; i < 10; i++) {
            assertThatThrownBy(() -> map.put(key(0), new byte[50_000])).isInstanceOf(StructureFullException.class);
        }
        assertThat(StateWord.sequence(space.getLong(map.address() + MapHeader.STATE_AT))).isEqualTo(sequence);
        map.put(key(0), new byte[100]);
        map.check();
    }

    /** Sweeps, refusals and forks in all orders. A fork that is taken during a sweep goes on with it. */
    @Test
    void forksOfMapsThatAreFullKeepTheirOwnEntries() {
        long seed = MapModel.seed();
        RandomGenerator random = RandomGeneratorFactory.getDefault().create(seed);
        ForkableMap map = ForkableMap.create(space, 160 << 10);
        MapModel model = new MapModel();
        int sweeps = 0;
        try {
            for (int step = 0; step < 12_000; step++) {
                change(map, model, random);
                boolean amid = space.getLong(map.address() + MapHeader.SWEEP_AT) != 0;
                sweeps += amid ? 1 : 0;
                if (amid && random.nextInt(4) == 0 || step % 400 == 0) {
                    model.check(map);
                    try (AddressSpace child = space.fork()) {
                        ForkableMap forked = ForkableMap.open(child, map.address());
                        MapModel ours = model.copy();
                        for (int i = 0; i < 60; i++) {
                            change(forked, ours, random);
                        }
                        ours.check(forked);
                    }
                }
            }
            model.check(map);
        } catch (RuntimeException | AssertionError wrong) {
            throw new AssertionError("rerun with -Dmemory.seed=" + seed, wrong);
        }
        assertThat(sweeps).as("forks during a sweep").isPositive();
    }

    private static void change(ForkableMap map, MapModel model, RandomGenerator random) {
        byte[] key = bytes("k" + random.nextInt(900));
        if (random.nextInt(5) < 2) {
            model.remove(map, key);
            return;
        }
        int length = random.nextInt(12) == 0 ? random.nextInt(6_000) : random.nextInt(200);
        try {
            model.put(map, key, MapModel.randomBytes(random, length));
        } catch (StructureFullException full) {
            model.remove(map, bytes("k" + random.nextInt(900)));
        }
    }

    @Test
    void entriesOfOneMapGoIntoASmallerTableInTheOrderOfForEachWithoutClusters() {
        RandomGenerator random = RandomGeneratorFactory.getDefault().create(1);
        int sourceLog2 = 18;
        long source = TableWord.of(4096, sourceLog2);
        long[] hashes = new long[1 << sourceLog2]; // the hash of the entry in each slot; 0 if there is none
        for (int i = 0; i < hashes.length * 5 / 8; i++) {
            long hash = random.nextLong() | 1L << 63;
            hashes[vacancy(hashes, hash)] = hash;
        }
        long steps = 0;
        long entries = 0;
        long[] target = new long[16];
        for (long i = 0; i < hashes.length; i++) {
            long hash = hashes[(int) SlotTable.scattered(source, i)];
            if (hash != 0) {
                target = ++entries > target.length * 3L / 4 ? grown(target) : target;
                int slot = vacancy(target, hash);
                target[slot] = hash;
                steps += (slot - hash & target.length - 1) + 1;
            }
        }
        assertThat(entries).isEqualTo(hashes.length * 5L / 8);
        assertThat(steps).isLessThan(8 * entries);
    }

    private static long[] grown(long[] table) {
        long[] larger = new long[2 * table.length];
        for (long hash : table) {
            if (hash != 0) {
                larger[vacancy(larger, hash)] = hash;
            }
        }
        return larger;
    }

    private static int vacancy(long[] table, long hash) {
        int slot = (int) hash & table.length - 1;
        while (table[slot] != 0) {
            slot = slot + 1 & table.length - 1;
        }
        return slot;
    }

    @Test
    void everySlotIsVisitedOnce() {
        long table = TableWord.of(4096, 10);
        boolean[] met = new boolean[1 << 10];
        for (long i = 0; i < met.length; i++) {
            met[(int) SlotTable.scattered(table, i)] = true;
        }
        assertThat(met).doesNotContain(false);
    }
}
