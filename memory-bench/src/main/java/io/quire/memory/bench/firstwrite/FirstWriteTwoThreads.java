package io.quire.memory.bench.firstwrite;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.ResidentSpace;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.ParallelSampler;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Sampler;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does a second thread do to the cost of first writes after a fork of 1 GiB, while the child lives? Both threads
 * write to one space, each to pages in a half of its own.
 * <p>
 * Expected: 1.1 to 1.2 times as much. The threads copy different pages into different frames, and copying is most of
 * the work. Each copy also raises the version of the space, a cache line that the other processor has just changed: 50
 * to 100 ns. And both share the memory bus: two threads that only copy take 1.05 times as long as one.
 * <p>
 * Twice the cost would mean that the threads exclude each other: that one copies while the other waits for the lock of
 * the space.
 * <p>
 * Two processors cannot show how more threads share the version of one space.
 */
public class FirstWriteTwoThreads extends JmhBenchmark {

    static final long HALF_BYTES = 512L << 20;

    /** Pages that each thread writes after each fork. If they are scattered, this is four in each leaf. */
    static final int WRITES = 8192;

    private static final long WRITTEN_BYTES = (long) WRITES * Pages.PAGE_BYTES;

    /** Which pages a thread writes, and in which order. */
    public enum Order {

        /** Neighbours, in ascending order. */
        SEQUENTIAL,
        /** Pages anywhere in its half, in random order. */
        SCATTERED
    }

    /** The half of one thread. The thread that opens it need not be the one that writes. */
    private static final class Half implements Sampler {

        private final PagesOfHalf pages = new PagesOfHalf();
        private final AddressSpace space;
        private final long address;

        private @Nullable Accessor accessor;

        Half(AddressSpace space, long address) {
            this.space = space;
            this.address = address;
        }

        /** Writes once to each page that was chosen. To do so again would not be a first write. */
        @Override
        public double sample() {
            if (accessor == null) {
                accessor = space.accessor();
            }
            long start = System.nanoTime();
            write(accessor);
            return (double) (System.nanoTime() - start) / WRITES;
        }

        private void write(Accessor mine) {
            for (int i = 0; i < WRITES; i++) {
                mine.setLong(address + pages.offset(i), i);
            }
        }
    }

    /** The pages that a thread writes after one fork, as offsets in its half. */
    static final class PagesOfHalf {

        private final Pages scattered = new Pages(HALF_BYTES);
        private final long[] offsets = new long[WRITES];

        void choose(Order order) {
            if (order == Order.SCATTERED) {
                scattered.choose(WRITES);
            }
            long start = scattered.below((int) (HALF_BYTES / WRITTEN_BYTES)) * WRITTEN_BYTES;
            for (int i = 0; i < WRITES; i++) {
                offsets[i] = order == Order.SCATTERED ? scattered.offset(i) : start + (long) i * Pages.PAGE_BYTES;
            }
        }

        long offset(int index) {
            return offsets[index];
        }
    }

    @Param
    public Order order;

    private ResidentSpace resident;
    private Half here;
    private Half there;
    private ParallelSampler both;
    private AddressSpace child;

    /** Opens the space, and starts the second thread. */
    @Setup(Level.Trial)
    public void open() {
        resident = ResidentSpace.withRoomForCopies(2 * HALF_BYTES);
        here = new Half(resident.space(), resident.address());
        there = new Half(resident.space(), resident.address() + HALF_BYTES);
        both = new ParallelSampler(here, there);
    }

    @TearDown(Level.Trial)
    public void close() {
        both.close();
        resident.close();
    }

    /** Forks, and chooses the pages to write. */
    @Setup(Level.Invocation)
    public void fork() {
        here.pages.choose(order);
        there.pages.choose(order);
        child = resident.space().fork();
    }

    @Benchmark
    @OperationsPerInvocation(WRITES)
    public double oneThread() {
        return here.sample();
    }

    /** Under JMH the time includes the start of the second thread, which the tour leaves out. */
    @Benchmark
    @OperationsPerInvocation(WRITES)
    public double twoThreads() {
        return both.sample();
    }

    /** Closes the child, and so frees the pages that only the child still had. */
    @TearDown(Level.Invocation)
    public void closeChild() {
        child.close();
        resident.reclaim();
    }

    // ---- the tour

    /** Adds the rows to the table. */
    public static void answer(Report report) {
        report.progress("first writes of two threads ...");
        FirstWriteTwoThreads writes = new FirstWriteTwoThreads();
        writes.open();
        try {
            for (Order each : Order.values()) {
                writes.order = each;
                report.add("first write, " + each.name().toLowerCase(Locale.ROOT) + ", two threads", "one",
                        each == Order.SEQUENTIAL ? Promise.FIRST_WRITE_IN_TWO_THREADS_SEQUENTIAL
                                : Promise.FIRST_WRITE_IN_TWO_THREADS_SCATTERED,
                        Paired.LONG_BATCHES.compare(writes.afterFork(writes.both), writes.afterFork(writes.here)));
            }
        } finally {
            writes.close();
        }
    }

    private Sampler afterFork(Sampler threads) {
        return () -> {
            fork();
            double nanos = threads.sample();
            closeChild();
            return nanos;
        };
    }
}
