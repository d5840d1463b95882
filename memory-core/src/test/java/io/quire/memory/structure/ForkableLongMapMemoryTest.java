package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.testkit.Seed;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How much memory updates keep beside snapshots, and that it stays the same. */
@ExtendWith(Seed.class)
class ForkableLongMapMemoryTest {

    private static final int PAGE = 4096;
    private static final int ENTRIES = 50_000;
    private static final int UPDATES = 1_000;

    private final MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final ForkableLongMap map = ForkableLongMap.create(space);

    @AfterEach
    void close() {
        map.check();
        space.close();
        memory.close();
    }

    private long usedBytes() {
        while (memory.reclaim(1000) > 0) {}
        return memory.statistics().usedBytes();
    }

    private void fill() {
        for (int key = 0; key < ENTRIES; key++) {
            map.put(key, 0);
        }
    }

    @Test
    void anEntryOfAMapThatHasGrownTakesLessThanFortyFiveBytes() {
        fill();
        assertThat(usedBytes() / ENTRIES).isBetween(17L, 44L);
    }

    @Test
    void anUpdateBesideSnapshotsKeepsAFewHundredBytes(SplittableRandom random) {
        fill();
        Deque<AddressSpace> snapshots = new ArrayDeque<>();
        long before = usedBytes();
        int rounds = 20;
        for (int round = 0; round < rounds; round++) {
            snapshots.add(space.snapshot());
            for (int i = 0; i < UPDATES; i++) {
                map.addTo(random.nextInt(ENTRIES), 1);
            }
        }
        assertThat((usedBytes() - before) / (rounds * UPDATES)).isBetween(16L, 614L);
        snapshots.forEach(AddressSpace::close);
    }

    @Test
    void memoryIsFlatWhileSnapshotsComeAndGo(SplittableRandom random) {
        churn(() -> random.nextInt(ENTRIES));
    }

    @Test
    void memoryIsFlatIfNearlyAllUpdatesHitFewKeys(SplittableRandom random) {
        churn(() -> random.nextInt(10) < 9 ? random.nextInt(ENTRIES / 100) : random.nextInt(ENTRIES));
    }

    private interface Keys {
        long next();
    }

    private void churn(Keys keys) {
        fill();
        Deque<AddressSpace> snapshots = new ArrayDeque<>();
        long first = 0;
        int most = 0;
        for (int phase = 0; phase < 6; phase++) {
            long sum = 0;
            for (int round = 0; round < 100; round++) {
                snapshots.add(space.snapshot());
                if (snapshots.size() > 4) {
                    snapshots.remove().close();
                }
                for (int i = 0; i < UPDATES; i++) {
                    most = Math.max(most, framesOfAnUpdate(keys.next(), i));
                }
                sum += usedBytes();
            }
            first = phase == 2 ? sum : first;
            if (phase > 2) {
                assertThat((double) sum / first).as("phase %d", phase).isBetween(0.97, 1.03);
            }
        }
        assertThat(most).as("frames of one update").isBetween(1, 24);
        snapshots.forEach(AddressSpace::close);
    }

    /** Measured for some updates only: the first ones after a fork, and a few later ones. */
    private int framesOfAnUpdate(long key, int number) {
        boolean isMeasured = number < 3 || number % 16 == 0;
        long free = isMeasured ? memory.statistics().freeBytes() : 0;
        map.addTo(key, 1);
        return isMeasured ? (int) ((free - memory.statistics().freeBytes()) / PAGE) : 0;
    }
}
