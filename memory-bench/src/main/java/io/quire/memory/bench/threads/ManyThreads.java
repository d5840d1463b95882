package io.quire.memory.bench.threads;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.Xorshift;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.ParallelSampler;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Sampler;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does an operation cost when several threads do it at once, beside one thread alone? All threads share a manager.
 * In one space, each reads and writes pages of its own. In a space of its own, each thread writes a page and discards
 * it, or forks the space, writes a page, and closes the fork.
 * <p>
 * Expected: the same cost, while there are enough processors. Reads share nothing that is written; each accessor has a
 * writer slot; each thread has a stripe of the allocator. Forks of different spaces share two counters and the list of
 * open spaces. Each is a cache line, which takes 50 to 100 ns to fetch if another processor had it last, so a fork
 * costs 1.2 to 1.5 times as much as alone.
 * <p>
 * Twice the cost for reads or writes would mean that two threads write to one cache line. Two processors can show that,
 * but it takes eight processors to see eight threads queue for a counter.
 * <p>
 * To compare with JMH, run {@code ManyThreads -t 1} and then {@code -t max}.
 */
public class ManyThreads extends JmhBenchmark {

    private static final int OPERATIONS = 1024;
    private static final long OWN_BYTES = 1L << 20;

    /** What the threads share. */
    @State(Scope.Benchmark)
    public static class Shared {

        private final AtomicInteger threads = new AtomicInteger();

        private MemoryManager manager;
        private AddressSpace space;
        private long address;

        /**
         * Opens a manager with room for all pages of each thread three times: in the shared space, in the thread's own
         * space, and in what waits to be destroyed.
         */
        @Setup(Level.Trial)
        public void open() {
            long bytes = OWN_BYTES * Runtime.getRuntime().availableProcessors();
            manager = MemoryManager.builder().hostPool(3 * bytes).build();
            space = manager.newAddressSpace();
            address = space.map(bytes);
        }

        @TearDown(Level.Trial)
        public void close() {
            space.close();
            manager.close();
        }
    }

    /** What each thread has for itself. */
    @State(Scope.Thread)
    public static class Own {

        private AddressSpace shared;
        private AddressSpace space;
        private long sharedAddress;
        private long address;
        private long random = Xorshift.SEED;

        private @Nullable Accessor sharedAccessor;
        private @Nullable Accessor accessor;

        @Setup(Level.Trial)
        public void open(Shared all) {
            shared = all.space;
            sharedAddress = all.address + all.threads.getAndIncrement() * OWN_BYTES;
            space = all.manager.newAddressSpace();
            address = space.map(OWN_BYTES);
            for (long at = 0; at < OWN_BYTES; at += Pages.PAGE_BYTES) {
                shared.setLong(sharedAddress + at, at);
                space.setLong(address + at, at);
            }
        }

        @TearDown(Level.Trial)
        public void close() {
            space.close();
        }

        static Own of(Shared all) {
            Own own = new Own();
            own.open(all);
            return own;
        }

        /** Returns an accessor of the thread that does the work. Another thread may have done the preparation. */
        private Accessor sharedAccessor() {
            if (sharedAccessor == null) {
                sharedAccessor = shared.accessor();
            }
            return sharedAccessor;
        }

        private Accessor accessor() {
            if (accessor == null) {
                accessor = space.accessor();
            }
            return accessor;
        }
    }

    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long read(Own own) {
        Accessor accessor = own.sharedAccessor();
        long random = own.random;
        long sum = 0;
        for (int i = 0; i < OPERATIONS; i++) {
            random = Xorshift.next(random);
            sum += accessor.getLong(own.sharedAddress + (random & OWN_BYTES - Long.BYTES));
        }
        own.random = random;
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long write(Own own) {
        Accessor accessor = own.sharedAccessor();
        long random = own.random;
        for (int i = 0; i < OPERATIONS; i++) {
            random = Xorshift.next(random);
            accessor.setLong(own.sharedAddress + (random & OWN_BYTES - Long.BYTES), random);
        }
        own.random = random;
        return random;
    }

    /** Writes to a page without a frame, and discards it. */
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long allocateAndFree(Own own) {
        for (int i = 0; i < OPERATIONS; i++) {
            own.space.discard(own.address, Pages.PAGE_BYTES);
            own.accessor().setLong(own.address, i);
        }
        return OPERATIONS;
    }

    /** Forks a space, writes to it, and closes the fork. */
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long forkAndWrite(Own own) {
        for (int i = 0; i < OPERATIONS; i++) {
            try (AddressSpace _ = own.space.fork()) {
                own.accessor().setLong(own.address, i);
            }
        }
        return OPERATIONS;
    }

    // ---- the tour

    /** Adds the rows to the table, if there is time. */
    public static void answer(Report report) {
        if (!report.isFull()) {
            return;
        }
        int processors = Runtime.getRuntime().availableProcessors();
        for (int threads = 2; threads <= processors; threads *= 2) {
            answer(threads, report);
        }
        report.note("Threads: measured with up to as many as there are processors, " + processors
                + ". Fewer than four cannot show where threads queue up, and they leave no processor for the agent.");
    }

    private static void answer(int threads, Report report) {
        report.progress("the same by " + threads + " threads ...");
        ManyThreads many = new ManyThreads();
        compare("read, ", threads, own -> () -> many.read(own), Paired.BATCHES, report);
        compare("write, ", threads, own -> () -> many.write(own), Paired.BATCHES, report);
        compare("allocate + free of a page, ", threads, own -> () -> many.allocateAndFree(own), Paired.LONG_BATCHES,
                report);
        compare("fork + first write + close, ", threads, own -> () -> many.forkAndWrite(own), Paired.LONG_BATCHES,
                report);
    }

    private interface Work {

        LongSupplier of(Own own);
    }

    private static void compare(String what, int threads, Work work, Paired rounds, Report report) {
        Shared shared = new Shared();
        shared.open();
        List<Own> own = IntStream.range(0, threads).mapToObj(_ -> Own.of(shared)).toList();
        List<Timed> samplers = own.stream().map(each -> Timed.of(OPERATIONS, work.of(each))).toList();
        Sampler alone = samplers.getFirst();
        Sampler[] others = samplers.subList(1, threads).toArray(Sampler[]::new);
        try (ParallelSampler all = new ParallelSampler(alone, others)) {
            report.add(what + threads + " threads", "one", Target.NONE, rounds.compare(all, alone));
        }
        own.forEach(Own::close);
        shared.close();
    }
}
