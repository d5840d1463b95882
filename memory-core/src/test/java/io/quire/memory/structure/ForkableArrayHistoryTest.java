package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Seed;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Random changes of an array, and of forks of forks of it, compared with a plain array for each. */
@Tag("portable")
@ExtendWith(Seed.class)
class ForkableArrayHistoryTest {

    private static final int STEPS = 8_000;
    private static final int MOST = 6_000;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(32L << 20));

    @Test
    void forksOfForksKeepTheirOwnElements(SplittableRandom random) {
        List<Branch> branches = new ArrayList<>();
        try {
            AddressSpace first = leaks.manager().newAddressSpace();
            branches.add(new Branch(first, ForkableArray.create(first, ElementType.LONG, MOST), new long[0]));
            for (int step = 0; step < STEPS; step++) {
                oneStep(branches, random);
            }
            branches.forEach(Branch::check);
        } finally {
            branches.forEach(branch -> branch.space.close());
        }
    }

    private static void oneStep(List<Branch> branches, SplittableRandom random) {
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
            default -> branch.change(branch.array, random);
        }
    }

    /** An array in a space of its own, and what it should have. */
    private static final class Branch {

        private final AddressSpace space;
        private final ForkableArray array;
        private long[] model;

        Branch(AddressSpace space, ForkableArray array, long[] model) {
            this.space = space;
            this.array = array;
            this.model = model;
        }

        Branch fork() {
            StructureFork<ForkableArray> fork = array.fork();
            return new Branch(fork.space(), fork.structure(), model.clone());
        }

        void changeThroughAnAccessor(SplittableRandom random) {
            try (Accessor accessor = space.accessor()) {
                ForkableArray mine = random.nextBoolean() ? array.with(accessor)
                        : ForkableArray.open(accessor, array.address());
                for (int i = 0; i < 20; i++) {
                    change(mine, random);
                }
            }
        }

        void change(ForkableArray where, SplittableRandom random) {
            switch (random.nextInt(8)) {
                case 0 -> resize(where, random.nextInt(MOST));
                case 1 -> resize(where, Math.max(0, model.length - random.nextInt(600)));
                case 2 -> append(where, random.nextLong());
                case 3 -> {
                    long[] more = random.longs(random.nextInt(600)).toArray();
                    if (model.length + more.length <= MOST) {
                        assertThat(where.append(MemorySegment.ofArray(more))).isEqualTo(model.length);
                        int old = model.length;
                        model = Arrays.copyOf(model, old + more.length);
                        System.arraycopy(more, 0, model, old, more.length);
                    }
                }
                default -> changeElements(where, random);
            }
        }

        private void resize(ForkableArray where, int length) {
            where.resize(length);
            model = Arrays.copyOf(model, length);
        }

        private void append(ForkableArray where, long value) {
            if (model.length < MOST) {
                assertThat(where.append(value)).isEqualTo(model.length);
                model = Arrays.copyOf(model, model.length + 1);
                model[model.length - 1] = value;
            }
        }

        private void changeElements(ForkableArray where, SplittableRandom random) {
            if (model.length == 0) {
                return;
            }
            int at = random.nextInt(model.length);
            int count = random.nextInt(Math.min(1_000, model.length - at) + 1);
            long value = random.nextLong();
            switch (random.nextInt(5)) {
                case 0 -> {
                    where.fill(at, count, value);
                    Arrays.fill(model, at, at + count, value);
                }
                case 1 -> {
                    long[] some = random.longs(count).toArray();
                    where.copyFrom(some, 0, at, count);
                    System.arraycopy(some, 0, model, at, count);
                }
                case 2 -> {
                    assertThat(where.getAndAddLong(at, value)).isEqualTo(model[at]);
                    model[at] += value;
                }
                case 3 -> assertThat(where.getLong(at)).isEqualTo(model[at]);
                default -> {
                    where.setLong(at, value);
                    model[at] = value;
                }
            }
        }

        void checkSnapshot() {
            try (StructureFork<ForkableArray> snapshot = array.snapshot()) {
                check(snapshot.structure());
            }
        }

        void check() {
            check(array);
        }

        private void check(ForkableArray where) {
            long[] found = new long[(int) where.length()];
            where.copyTo(0, found, 0, found.length);
            assertThat(found).isEqualTo(model);
        }
    }
}
