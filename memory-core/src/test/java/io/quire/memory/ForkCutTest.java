package io.quire.memory;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.Protection;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A fork that is taken while other threads write shows the space at one moment: it has all writes of each thread up to
 * some write, and none after it.
 */
@Tag("portable")
class ForkCutTest {

    private static final int PAGE = 4096;
    private static final Duration WHILE = Duration.ofMillis(700);
    private static final Duration AT_MOST = Duration.ofSeconds(30);
    private static final int FORKS_MIN = 20;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(32L << 20));

    // ---- counters that are incremented one after the other, in rounds

    @Test
    void countersInAForkAreOfOneMoment() throws InterruptedException {
        raceCounters(platformThreads(), 1, true);
    }

    @Test
    void countersOfSeveralWritersInAForkAreOfOneMoment() throws InterruptedException {
        raceCounters(platformThreads(), 3, true);
    }

    @Test
    void countersWrittenWithoutAccessorsAreOfOneMoment() throws InterruptedException {
        raceCounters(platformThreads(), 2, false);
    }

    @Test
    void countersWrittenByVirtualThreadsAreOfOneMoment() throws InterruptedException {
        raceCounters(Thread.ofVirtual().factory(), 3, true);
    }

    @Test
    void countersWrittenByVirtualThreadsWithoutAccessorsAreOfOneMoment() throws InterruptedException {
        raceCounters(Thread.ofVirtual().factory(), 3, false);
    }

    private void raceCounters(ThreadFactory threads, int writers, boolean withAccessors)
            throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            Counters[] counters = new Counters[writers];
            Threads.Task[] tasks = new Threads.Task[writers + 1];
            AtomicBoolean enough = new AtomicBoolean();
            for (int i = 0; i < writers; i++) {
                Counters own = counters[i] = new Counters(space);
                tasks[i] = running -> own.count(withAccessors, () -> running.getAsBoolean() && !enough.get());
            }
            AtomicInteger forks = new AtomicInteger();
            long end = System.nanoTime() + WHILE.toNanos();
            tasks[writers] = running -> {
                while (running.getAsBoolean() && (forks.get() < FORKS_MIN || System.nanoTime() < end)) {
                    try (AddressSpace fork = forks.get() % 4 == 0 ? space.snapshot() : space.fork()) {
                        for (Counters each : counters) {
                            each.check(fork);
                        }
                    }
                    forks.incrementAndGet();
                }
                enough.set(true);
            };
            // The forks are taken on a platform thread: virtual threads that only yield can keep another one from ever
            // starting.
            AtomicInteger made = new AtomicInteger();
            ThreadFactory writersAndForker =
                    task -> (made.getAndIncrement() < writers ? threads : platformThreads()).newThread(task);
            Threads.race(writersAndForker, AT_MOST, tasks);
            assertThat(forks).hasValueGreaterThanOrEqualTo(FORKS_MIN);
        }
    }

    /** Counters on pages of several leaves and directories. */
    private static final class Counters {

        private static final int COUNT = 24;
        private static final long APART = 2L * (1 << 20) + 8;

        private final AddressSpace space;
        private final long address;

        Counters(AddressSpace space) {
            this.space = space;
            this.address = space.map(COUNT * APART);
        }

        void count(boolean withAccessor, BooleanSupplier running) {
            if (withAccessor) {
                try (Accessor accessor = space.accessor()) {
                    count(accessor, running);
                }
            } else {
                count(space, running);
            }
        }

        private void count(MemoryAccess access, BooleanSupplier running) {
            for (long round = 1; running.getAsBoolean(); round++) {
                for (int i = 0; i < COUNT; i++) {
                    access.setLong(at(i), round);
                }
                for (int i = 0; i < COUNT; i++) {
                    assertThat(access.getLong(at(i))).isEqualTo(round);
                }
                Thread.yield(); // virtual threads are not preempted
            }
        }

        /** Checks that c1 >= c2 >= ... >= cn >= c1 - 1, and that the fork does not change while the writer goes on. */
        void check(AddressSpace fork) {
            long[] seen = read(fork);
            for (int i = 1; i < COUNT; i++) {
                assertThat(seen[i]).as("counter %d", i).isBetween(seen[0] - 1, seen[i - 1]);
            }
            for (int again = 0; again < 5; again++) {
                assertThat(read(fork)).containsExactly(seen);
            }
            if (!fork.isSnapshot()) {
                fork.setLong(at(3), -1);
                seen[3] = -1;
                assertThat(read(fork)).containsExactly(seen);
            }
        }

        private long[] read(AddressSpace from) {
            long[] values = new long[COUNT];
            for (int i = 0; i < COUNT; i++) {
                values[i] = from.getLong(at(i));
            }
            return values;
        }

        private long at(int counter) {
            return address + counter * APART;
        }
    }

    // ---- numbered writes to cells anywhere

    @Test
    void forkHasEveryWriteThatReturnedBeforeAndNoneThatBeganAfter() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            NumberedWrites first = new NumberedWrites(space);
            NumberedWrites second = new NumberedWrites(space);
            long other = space.map(300L * PAGE);
            Threads.race(WHILE.multipliedBy(2),
                    running -> {
                        try (Accessor accessor = space.accessor()) {
                            first.write(accessor, running);
                        }
                    },
                    running -> second.write(space, running),
                    running -> {
                        while (running.getAsBoolean()) {
                            long[] low = {first.done.get(), second.done.get()};
                            try (AddressSpace fork = space.fork()) {
                                long[] high = {first.begun.get(), second.begun.get()};
                                first.check(fork, low[0], high[0]);
                                second.check(fork, low[1], high[1]);
                            }
                        }
                    },
                    running -> changeMappings(space, other, running));
        }
    }

    /**
     * Invalidates translations of the whole space again and again, by changes at addresses that no other thread uses.
     */
    private static void changeMappings(AddressSpace space, long other, BooleanSupplier running) {
        for (int round = 1; running.getAsBoolean(); round++) {
            space.setLong(other + round % 300 * PAGE, round);
            space.protect(other, 100L * PAGE, round % 2 == 0 ? Protection.READ_WRITE : Protection.READ_ONLY);
            space.protect(other, 300L * PAGE, Protection.READ_WRITE);
            space.discard(other + 100L * PAGE, 200L * PAGE);
            long mapped = space.map(PAGE);
            space.setLong(mapped, round);
            space.unmap(mapped, PAGE);
        }
    }

    /** Writes 1, 2, 3, ... each to a cell that depends on the number, with every method that writes. */
    private static final class NumberedWrites {

        private static final int CELLS = 400;
        private static final int APART = 5 * PAGE + 8; // spreads the cells over many pages; some pages have several

        final AtomicLong begun = new AtomicLong();
        final AtomicLong done = new AtomicLong();
        private final long address;

        NumberedWrites(AddressSpace space) {
            address = space.map((long) CELLS * APART);
        }

        void write(MemoryAccess access, BooleanSupplier running) {
            MemorySegment bytes = MemorySegment.ofArray(new byte[Long.BYTES]);
            long[] values = new long[CELLS];
            for (long number = 1; running.getAsBoolean(); number++) {
                int cell = cell(number);
                long at = at(cell);
                begun.set(number);
                switch ((int) number & 3) {
                    case 0 -> access.setLong(at, number);
                    case 1 -> assertThat(access.compareAndSetLong(at, values[cell], number)).isTrue();
                    case 2 -> assertThat(access.getAndAddLong(at, number - values[cell]))
                            .isEqualTo(values[cell]);
                    default -> {
                        bytes.set(JAVA_LONG_UNALIGNED, 0, number);
                        access.copyFrom(bytes, 0, at, Long.BYTES);
                    }
                }
                done.set(number);
                values[cell] = number;
                assertThat(access.getLong(at)).isEqualTo(number);
            }
        }

        /** Checks that a space has exactly the writes up to one number, which lies between two limits. */
        void check(AddressSpace space, long low, long high) {
            long[] seen = new long[CELLS];
            long last = 0;
            for (int cell = 0; cell < CELLS; cell++) {
                seen[cell] = space.getLong(at(cell));
                last = Math.max(last, seen[cell]);
            }
            assertThat(last).isBetween(low, high);
            long[] expected = new long[CELLS];
            int missing = CELLS;
            for (long number = last; number > 0 && missing > 0; number--) {
                int cell = cell(number);
                if (expected[cell] == 0) {
                    expected[cell] = number;
                    missing--;
                }
            }
            assertThat(seen).containsExactly(expected);
        }

        private static int cell(long number) {
            return (int) ((number * 0x9E37_79B9_7F4A_7C15L >>> 33) % CELLS);
        }

        private long at(int cell) {
            return address + (long) cell * APART;
        }
    }

    // ---- readers

    @Test
    void readerNeverSeesLessThanWasWrittenBeforeItRead() throws InterruptedException {
        int cells = 64;
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(cells * 10L * PAGE);
            AtomicLong[] published = new AtomicLong[cells];
            Arrays.setAll(published, i -> new AtomicLong());
            Threads.race(WHILE.multipliedBy(2),
                    running -> {
                        try (Accessor accessor = space.accessor()) {
                            for (long round = 1; running.getAsBoolean(); round++) {
                                for (int i = 0; i < cells; i++) {
                                    (i % 2 == 0 ? accessor : space).setLong(address + i * 10L * PAGE, round);
                                    published[i].set(round);
                                }
                            }
                        }
                    },
                    running -> {
                        try (Accessor accessor = space.accessor()) {
                            for (int i = 0; running.getAsBoolean(); i = (i + 1) % cells) {
                                long least = published[i].get();
                                assertThat(accessor.getLong(address + i * 10L * PAGE))
                                        .isGreaterThanOrEqualTo(least);
                                assertThat(space.getLong(address + i * 10L * PAGE))
                                        .isGreaterThanOrEqualTo(least);
                            }
                        }
                    },
                    running -> {
                        while (running.getAsBoolean()) {
                            space.fork().close();
                        }
                    });
        }
    }

    @Test
    void readerNeverSeesTheBytesOfAnotherSpace() throws InterruptedException {
        try (AddressSpace first = leaks.manager().newAddressSpace();
                AddressSpace second = leaks.manager().newAddressSpace()) {
            int pages = 130;
            long address = first.map((long) pages * PAGE);
            assertThat(second.map((long) pages * PAGE)).isEqualTo(address);
            Threads.race(WHILE.multipliedBy(2),
                    running -> churn(first, address, pages, 1L << 56, running),
                    running -> churn(second, address, pages, 2L << 56, running),
                    running -> {
                        try (Accessor ofFirst = first.accessor(); Accessor ofSecond = second.accessor()) {
                            for (int page = 0; running.getAsBoolean(); page = (page + 1) % pages) {
                                long at = address + (long) page * PAGE + page * 8;
                                assertThat(ofFirst.getLong(at) >>> 56).isIn(0L, 1L);
                                assertThat(ofSecond.getLong(at) >>> 56).isIn(0L, 2L);
                                assertThat(first.getLong(at) >>> 56).isIn(0L, 1L);
                                assertThat(second.getLong(at) >>> 56).isIn(0L, 2L);
                            }
                        }
                    });
        }
    }

    /** Releases frames in every way there is, and takes frames that another space may have had. */
    private static void churn(AddressSpace space, long address, int pages, long mark,
            BooleanSupplier running) {
        MemorySegment page = MemorySegment.ofArray(new byte[PAGE]);
        for (int i = 0; i < PAGE; i += Long.BYTES) {
            page.set(JAVA_LONG_UNALIGNED, i, mark);
        }
        try (Accessor accessor = space.accessor()) {
            for (int round = 0; running.getAsBoolean(); round++) {
                AddressSpace fork = space.fork();
                for (int i = round % 7; i < pages; i += 7) {
                    accessor.copyFrom(page, 0, address + (long) i * PAGE, PAGE);
                    fork.copyFrom(page, 0, address + (long) (pages - 1 - i) * PAGE, PAGE);
                }
                fork.close();
                space.discard(address + round % pages * (long) PAGE, PAGE);
            }
        }
    }

    private static ThreadFactory platformThreads() {
        return Thread.ofPlatform().daemon().factory();
    }
}
