package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.StructureFullException;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import io.quire.memory.testkit.Seed;

/**
 * Frames, or the room of a region, run out in the middle of changes: each change is done, or refused and nothing has
 * changed.
 */
@ExtendWith(Seed.class)
class ForkableLongMapShortageTest {

    private static final int PAGE = 4096;
    private static final int FRAMES = 2048;
    private static final int KEYS = 4_000;

    private final MemoryManager memory =
            MemoryManager.builder().hostPool(FRAMES * PAGE).backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final AddressSpace hog = memory.newAddressSpace("hog");
    private final long hogged = hog.map(2L * FRAMES * PAGE);
    private final Map<Long, Long> model = new HashMap<>();

    @AfterEach
    void close() {
        hog.close();
        space.close();
        reclaim();
        assertThat(memory.statistics().usedBytes()).isZero();
        memory.close();
    }

    private void reclaim() {
        while (memory.reclaim(1000) > 0) {
            Thread.onSpinWait();
        }
    }

    /** Leaves so few frames free that changes beside a snapshot run out of them at any step, also in cleaning. */
    @Test
    void framesRunOutAtAnyStep(SplittableRandom random) {
        ForkableLongMap map = ForkableLongMap.create(space);
        for (long key = 0; key < KEYS; key++) {
            map.put(key, key);
            model.put(key, key);
        }
        int refused = 0;
        for (int round = 0; round < 150; round++) {
            try (AddressSpace snapshot = space.snapshot()) {
                leave(random.nextInt(12));
                refused += change(map, random, 60);
                hog.discard(hogged, 2L * FRAMES * PAGE);
                reclaim();
                check(map);
                change(map, random, 300); // there are frames again
                assertThat(snapshot.isClosed()).isFalse();
            }
        }
        assertThat(refused).isGreaterThan(100);
        check(map);
    }

    @Test
    void aFullRegionRefusesAndIsUsedAgain(SplittableRandom random) {
        ForkableLongMap map = ForkableLongMap.create(space, 64 * PAGE);
        long key = fillUp(map, 0);
        check(map);
        assertThat(key).isGreaterThan(5_000);
        for (long removed = 0; removed < key; removed++) {
            if (removed % 10 != 0) {
                assertThat(map.remove(removed)).isTrue();
                model.remove(removed);
            }
        }
        check(map);
        assertThat(change(map, random, 3_000)).isZero();
        check(map);
        assertThat(fillUp(map, 1L << 40) - (1L << 40) + model.size()).isGreaterThan(key / 2);
        check(map);
    }

    private long fillUp(ForkableLongMap map, long from) {
        long key = from;
        try {
            for (;; key++) {
                map.put(key, key);
                model.put(key, key);
            }
        } catch (StructureFullException full) {
            return key;
        }
    }

    /** Writes to the hog until only some frames are free. */
    private void leave(int frames) {
        long free = memory.statistics().freeBytes() / PAGE;
        for (long page = 0; page < free - frames; page++) {
            hog.setByte(hogged + page * PAGE, (byte) 1);
        }
    }

    /** Makes random changes. Returns how many were refused. */
    private int change(ForkableLongMap map, SplittableRandom random, int changes) {
        int refused = 0;
        for (int i = 0; i < changes; i++) {
            long key = random.nextInt(2 * KEYS);
            long value = random.nextLong();
            try {
                if (random.nextInt(3) > 0) {
                    map.put(key, value);
                    model.put(key, value);
                } else {
                    map.remove(key);
                    model.remove(key);
                }
            } catch (OutOfFramesException | StructureFullException none) {
                refused++;
            }
        }
        return refused;
    }

    private void check(ForkableLongMap map) {
        Map<Long, Long> found = new HashMap<>();
        map.forEach(found::put);
        assertThat(found).isEqualTo(model);
        map.check();
    }
}
