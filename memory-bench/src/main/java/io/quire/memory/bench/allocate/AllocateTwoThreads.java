package io.quire.memory.bench.allocate;

import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import io.quire.memory.bench.measure.Together;
import io.quire.memory.frame.FrameAllocator;
import io.quire.memory.frame.Magazine;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a second thread do to the cost of allocating and freeing?
 * <p>
 * Expected: nothing. Two threads find a stripe each and only come together in the trees, once in 32 pages.
 * With as many threads as processors both also share what the processors share.
 * <p>
 * Twice the cost would mean that they write to the same cache line.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class AllocateTwoThreads {

    private static final int FRAMES = 1 << 18;
    private static final int LIVE = 128;

    /** The allocator that the threads share. */
    @State(Scope.Benchmark)
    public static class Shared {

        private final FrameAllocator allocator = new FrameAllocator(FRAMES);
    }

    /** What each of them has. */
    @State(Scope.Thread)
    public static class Own {

        private final int[] frames = new int[LIVE];
        private final int[] magazineFrames = new int[LIVE];
        private Magazine magazine;

        @Setup(Level.Trial)
        public void open(Shared shared) {
            magazine = shared.allocator.newMagazine();
            Arrays.setAll(frames, i -> shared.allocator.allocate());
            Arrays.setAll(magazineFrames, i -> magazine.allocate());
        }

        static Own of(Shared shared) {
            Own own = new Own();
            own.open(shared);
            return own;
        }
    }

    @Benchmark
    @Threads(1)
    @OperationsPerInvocation(AllocateFree.PAGES)
    public long allocatorOneThread(Shared shared, Own own) {
        return AllocateFree.turnOver(shared.allocator, own.frames);
    }

    @Benchmark
    @Threads(2)
    @OperationsPerInvocation(AllocateFree.PAGES)
    public long allocatorTwoThreads(Shared shared, Own own) {
        return AllocateFree.turnOver(shared.allocator, own.frames);
    }

    @Benchmark
    @Threads(1)
    @OperationsPerInvocation(AllocateFree.PAGES)
    public long magazineOneThread(Own own) {
        return AllocateFree.turnOver(own.magazine, own.magazineFrames);
    }

    @Benchmark
    @Threads(2)
    @OperationsPerInvocation(AllocateFree.PAGES)
    public long magazineTwoThreads(Own own) {
        return AllocateFree.turnOver(own.magazine, own.magazineFrames);
    }

    /** Adds the rows to the table. */
    public static void answer(Report report) {
        report.progress("allocate and free, two threads ...");
        Shared shared = new Shared();
        Own here = Own.of(shared);
        Own there = Own.of(shared);
        compare("allocate + free, two threads, one", allocator(shared, here), allocator(shared, there),
                report);
        compare("magazine, two threads, one", magazine(here), magazine(there), report);
    }

    private static Timed allocator(Shared shared, Own own) {
        return Timed.of(AllocateFree.PAGES, () -> AllocateFree.turnOver(shared.allocator, own.frames));
    }

    private static Timed magazine(Own own) {
        return Timed.of(AllocateFree.PAGES, () -> AllocateFree.turnOver(own.magazine, own.magazineFrames));
    }

    private static void compare(String what, Timed here, Timed there, Report report) {
        try (Together both = new Together(here, there)) {
            report.add(what, Target.atMost(1.3), Paired.BATCHES.compare(both, here));
        }
    }
}
