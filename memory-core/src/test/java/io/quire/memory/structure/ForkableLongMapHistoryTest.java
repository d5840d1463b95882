package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.testkit.Seed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random histories of a map and its forks, each side by side with a {@link HashMap}. After every few steps everything
 * is compared and recounted.
 */
@ExtendWith(Seed.class)
class ForkableLongMapHistoryTest {

    private static final int STEPS = 60_000;
    private static final int STEPS_BETWEEN_CHECKS = 5_000;
    private static final int FORKS_MAX = 5;

    /** One space with the map in it, and what the map should be. */
    private record Side(AddressSpace space, Accessor accessor, ForkableLongMap map, Map<Long, Long> model)
            implements AutoCloseable {

        static Side of(AddressSpace space, long address, Map<Long, Long> model, boolean byAccessor) {
            Accessor accessor = space.accessor();
            ForkableLongMap map = ForkableLongMap.open(byAccessor ? accessor : space, address);
            return new Side(space, accessor, map, model);
        }

        void check() {
            Map<Long, Long> entries = new HashMap<>();
            map.forEach(entries::put);
            assertThat(entries).isEqualTo(model);
            assertThat(map.size()).isEqualTo(model.size());
            map.check();
        }

        @Override
        public void close() {
            accessor.close();
            space.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 20, 300, 5_000, 200_000})
    void aMapAndItsForksAreWhatHashMapsAre(int keys, SplittableRandom random) {
        try (MemoryManager memory = MemoryManager.builder().hostPool(256L << 20).backgroundAgent(false).build()) {
            AddressSpace first = memory.newAddressSpace();
            ForkableLongMap created = ForkableLongMap.create(first);
            List<Side> sides = new ArrayList<>();
            sides.add(Side.of(first, created.address(), new HashMap<>(), true));
            for (int step = 0; step < STEPS; step++) {
                Side side = sides.get(random.nextInt(sides.size()));
                step(side, sides, keys, random);
                if (step % STEPS_BETWEEN_CHECKS == 0) {
                    sides.forEach(Side::check);
                }
            }
            sides.forEach(Side::check);
            sides.forEach(Side::close);
        }
    }

    private static void step(Side side, List<Side> sides, int keys, SplittableRandom random) {
        long key = key(random, keys);
        int choice = random.nextInt(10_000);
        ForkableLongMap map = side.map();
        Map<Long, Long> model = side.model();
        if (choice < 20) {
            fork(side, sides, random);
        } else if (choice < 21) {
            map.clear();
            model.clear();
        } else if (choice < 100) {
            removeMany(side, keys, random);
        } else if (choice < 3_000) {
            assertThat(map.remove(key)).isEqualTo(model.remove(key) != null);
        } else if (choice < 6_000) {
            long value = random.nextLong();
            assertThat(map.put(key, value)).isEqualTo(model.put(key, value) != null);
        } else if (choice < 7_000) {
            assertThat(map.addTo(key, choice)).isEqualTo(model.merge(key, (long) choice, Long::sum));
        } else if (choice < 8_000) {
            assertThat(map.putIfAbsent(key, choice)).isEqualTo(model.putIfAbsent(key, (long) choice) == null);
        } else if (choice < 9_000) {
            assertThat(map.getOrDefault(key, -7)).isEqualTo(model.getOrDefault(key, -7L));
        } else {
            assertThat(map.containsKey(key)).isEqualTo(model.containsKey(key));
        }
    }

    /** Few keys are small numbers; many are of any size. */
    private static long key(SplittableRandom random, int keys) {
        long number = random.nextInt(keys);
        return (number & 1) == 0 ? number : -number * 0x9E3779B97F4A7C15L;
    }

    private static void removeMany(Side side, int keys, SplittableRandom random) {
        for (int i = 0; i < 100; i++) {
            long key = key(random, keys);
            assertThat(side.map().remove(key)).isEqualTo(side.model().remove(key) != null);
        }
    }

    private static void fork(Side side, List<Side> sides, SplittableRandom random) {
        if (sides.size() > FORKS_MAX) {
            Side closed = sides.remove(random.nextInt(sides.size()));
            closed.check();
            closed.close();
            if (closed == side) {
                return;
            }
        }
        sides.add(Side.of(side.space().fork(), side.map().address(), new HashMap<>(side.model()),
                random.nextBoolean()));
    }
}
