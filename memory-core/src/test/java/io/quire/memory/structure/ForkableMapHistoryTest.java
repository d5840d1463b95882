package io.quire.memory.structure;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/** Random changes of a map and of forks of forks of it, compared with a model of each. */
class ForkableMapHistoryTest {

    private static final int STEPS = 6_000;

    private final long seed = MapModel.seed();
    private final RandomGenerator random = RandomGeneratorFactory.getDefault().create(seed);

    @Test
    void forksOfForksKeepTheirOwnEntries() {
        try (MemoryManager memory = MemoryManager.builder().hostPool(256L << 20).build()) {
            List<Branch> branches = new ArrayList<>();
            try {
                AddressSpace first = memory.newAddressSpace();
                branches.add(new Branch(first, ForkableMap.create(first, 64L << 20), new MapModel()));
                for (int step = 0; step < STEPS; step++) {
                    oneStep(branches);
                }
                branches.forEach(Branch::check);
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError("rerun with -Dmemory.seed=" + seed, failure);
            } finally {
                branches.forEach(branch -> branch.space.close());
            }
        }
    }

    private void oneStep(List<Branch> branches) {
        Branch branch = branches.get(random.nextInt(branches.size()));
        switch (random.nextInt(60)) {
            case 0 -> {
                if (branches.size() < 8) {
                    branches.add(branch.fork());
                }
            }
            case 1 -> {
                if (branches.size() > 1) {
                    branch.check();
                    branch.space.close();
                    branches.remove(branch);
                }
            }
            case 2 -> branch.check();
            case 3 -> branch.changeThroughAnAccessor(random);
            case 4 -> branch.checkSnapshot();
            default -> branch.model.change(branch.map, random);
        }
    }

    private record Branch(AddressSpace space, ForkableMap map, MapModel model) {

        Branch fork() {
            AddressSpace child = space.fork();
            return new Branch(child, ForkableMap.open(child, map.address()), model.copy());
        }

        void changeThroughAnAccessor(RandomGenerator random) {
            try (Accessor accessor = space.accessor()) {
                ForkableMap mine = random.nextBoolean() ? map.with(accessor)
                        : ForkableMap.open(accessor, map.address());
                for (int i = 0; i < 20; i++) {
                    model.change(mine, random);
                }
            }
        }

        void checkSnapshot() {
            try (AddressSpace snapshot = space.snapshot()) {
                model.check(ForkableMap.open(snapshot, map.address()));
            }
        }

        void check() {
            model.check(map);
        }
    }
}
