package io.quire.memory.bench.allocate;

import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.ParallelSampler;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/**
 * What does a second thread do to the cost of allocating and freeing? Both threads have pages of their own, from one
 * source.
 * <p>
 * Expected: nothing. Each thread has a magazine of its own. They meet only in the trees, once in 32 pages, and in the
 * counts of neighbouring frames. If there are as many threads as processors, they also share what the processors share.
 * <p>
 * Twice the cost would mean that they write to the same cache line.
 * <p>
 * Two processors cannot show what many threads do to each other in the trees, or when all of them want the last free
 * frame. On a larger machine, {@code AllocateTwoThreads.twoThreads -t max} runs a thread on each processor.
 */
public class AllocateTwoThreads extends JmhBenchmark {

    private static final int LIVE = 128;

    /**
     * The sources without a target. Arenas are left out of the measurement: each arena stands alone, so threads share
     * nothing.
     */
    private static final Set<Source> WITHOUT_TARGET = EnumSet.complementOf(
            EnumSet.of(Source.OWN, Source.CONFINED_ARENA, Source.SHARED_ARENA));

    /** The source that the threads share. */
    @State(Scope.Benchmark)
    public static class Shared {

        @Param
        public Source source;

        private PageSource pages;

        @Setup(Level.Trial)
        public void open() {
            pages = source.withoutPages(LIVE);
        }
    }

    /** What each thread has for itself. */
    @State(Scope.Thread)
    public static class Own {

        private PageSource pages;
        private LongUnaryOperator loop;

        @Setup(Level.Trial)
        public void open(Shared shared) {
            pages = Source.fill(shared.pages.forAnotherThread());
            loop = AllocateFree.loop(pages);
        }

        @TearDown(Level.Trial)
        public void close() {
            pages.close();
        }
    }

    @Benchmark
    @Threads(1)
    @OperationsPerInvocation(AllocateFree.PAGES)
    public long oneThread(Own own) {
        return own.loop.applyAsLong(AllocateFree.PAGES);
    }

    @Benchmark
    @Threads(2)
    @OperationsPerInvocation(AllocateFree.PAGES)
    public long twoThreads(Own own) {
        return own.loop.applyAsLong(AllocateFree.PAGES);
    }

    /** Adds the rows to the table. */
    public static void answer(Report report) {
        report.progress("allocate and free, two threads ...");
        compare(Source.OWN, Promise.ALLOCATE_IN_TWO_THREADS, report);
        if (report.isFull()) {
            for (Source source : WITHOUT_TARGET) {
                if (source.whyMissing() == null) { // otherwise the row for one thread says why
                    compare(source, Target.NONE, report);
                }
            }
        }
        report.note("Two threads: to measure more of them takes more processors than the two that were used; JMH "
                + "runs a thread on each with \"AllocateTwoThreads.twoThreads -t max\".");
    }

    private static void compare(Source source, Target target, Report report) {
        try (PageSource here = source.open(LIVE); PageSource there = here.forAnotherThread()) {
            Source.fill(there);
            Timed alone = AllocateFree.timed(here, AllocateFree.PAGES);
            try (ParallelSampler both = new ParallelSampler(alone, AllocateFree.timed(there, AllocateFree.PAGES))) {
                report.add("allocate + free, " + source.label() + ", two threads", "one", target,
                        Paired.BATCHES.compare(both, alone));
            }
        }
    }
}
