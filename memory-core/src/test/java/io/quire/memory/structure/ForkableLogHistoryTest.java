package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Seed;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Random changes of a log, and of forks of forks of it, compared with a queue for each. */
@Tag("portable")
@ExtendWith(Seed.class)
class ForkableLogHistoryTest {

    private static final int STEPS = 12_000;
    private static final long CAPACITY = 1 << 18;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(32L << 20));

    @Test
    void forksOfForksKeepTheirOwnRecords(SplittableRandom random) {
        List<Branch> branches = new ArrayList<>();
        try {
            AddressSpace first = leaks.manager().newAddressSpace();
            branches.add(new Branch(first, ForkableLog.create(first, CAPACITY), new ArrayDeque<>()));
            for (int step = 0; step < STEPS; step++) {
                oneStep(branches, random);
            }
            branches.forEach(branch -> branch.check(branch.log));
            assertThat(branches.getFirst().log.endPosition()).isGreaterThan(2 * CAPACITY);
        } finally {
            branches.forEach(branch -> branch.space.close());
        }
    }

    private static void oneStep(List<Branch> branches, SplittableRandom random) {
        Branch branch = branches.get(random.nextInt(branches.size()));
        switch (random.nextInt(80)) {
            case 0 -> {
                if (branches.size() < 8) {
                    branches.add(branch.fork());
                }
            }
            case 1 -> {
                if (branches.size() > 1) {
                    branch.check(branch.log);
                    branch.space.close();
                    branches.remove(branch);
                }
            }
            case 2 -> branch.check(branch.log);
            case 3 -> {
                try (Accessor accessor = branch.space.accessor()) {
                    ForkableLog mine = branch.log.with(accessor);
                    for (int i = 0; i < 20; i++) {
                        branch.change(mine, random);
                    }
                }
            }
            case 4 -> {
                try (StructureFork<ForkableLog> snapshot = branch.log.snapshot()) {
                    branch.check(snapshot.structure());
                }
            }
            default -> branch.change(branch.log, random);
        }
    }

    private record Entry(long position, byte[] bytes) {
    }

    /** A log in a space of its own, and what it should have. */
    private record Branch(AddressSpace space, ForkableLog log, Deque<Entry> model) {

        Branch fork() {
            StructureFork<ForkableLog> fork = log.fork();
            return new Branch(fork.space(), fork.structure(), new ArrayDeque<>(model));
        }

        void change(ForkableLog where, SplittableRandom random) {
            if (random.nextInt(20) > 0) {
                append(where, random);
            } else {
                cut(where, random);
            }
        }

        private void append(ForkableLog where, SplittableRandom random) {
            byte[] record = new byte[random.nextInt(random.nextInt(20) == 0 ? 30_000 : 600)];
            random.nextBytes(record);
            if (RecordWord.stride(record.length) > CAPACITY - where.sizeBytes()) {
                cut(where, random);
                return;
            }
            long end = where.endPosition();
            assertThat(where.append(record)).isEqualTo(end);
            model.addLast(new Entry(end, record));
        }

        private void cut(ForkableLog where, SplittableRandom random) {
            int count = random.nextInt(model.size() + 1);
            for (int i = 0; i < count; i++) {
                model.removeFirst();
            }
            where.cutBefore(model.isEmpty() ? where.endPosition() : model.peekFirst().position);
        }

        void check(ForkableLog where) {
            Iterator<Entry> expected = model.iterator();
            LogCursor cursor = where.cursor();
            while (cursor.next()) {
                Entry entry = expected.next();
                assertThat(cursor.position()).isEqualTo(entry.position);
                assertThat(cursor.record()).isEqualTo(entry.bytes);
            }
            assertThat(expected.hasNext()).isFalse();
            assertThat(cursor.nextPosition()).isEqualTo(where.endPosition());
        }
    }
}
