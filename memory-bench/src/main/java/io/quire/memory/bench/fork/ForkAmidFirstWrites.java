package io.quire.memory.bench.fork;

import io.quire.memory.AddressSpace;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.LinuxFork;
import io.quire.memory.bench.measure.Comparison;
import io.quire.memory.bench.measure.Figures;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Turns;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How long does {@code fork()} take while another thread makes first writes all the time, beside the same forks without
 * that thread? A fork every 5 ms, of 512 MiB resident; the last two forks stay open. Once warm: everything is compiled,
 * and all memory of the pool was touched. And once fresh: in the first seconds of a process, with a pool whose memory
 * nobody has touched.
 * <p>
 * Expected, warm: p50 5 µs. The fork itself takes 2 to 3 µs, because other work has displaced its cache lines in 5 ms.
 * The rest goes into learning that the other thread writes to no page that the fork is about to share. p99 100 µs: one
 * fork in a hundred meets the other thread where the system has interrupted it, or needs a barrier, which interrupts
 * the other processor and takes 15 to 50 µs. Expected, fresh: p50 20 µs and p99 500 µs, because little is compiled yet.
 * <p>
 * Warm forks of 50 µs and more would mean that a fork waits for the lock of the space while a first write copies a page
 * under it, or that every fork needs the barrier. Fresh forks of milliseconds would mean that a fork waits while the
 * system clears the 2 MiB that a first write has touched: that takes 4 to 8 ms for each huge page.
 * <p>
 * A percentile is taken of each round, and its median over all rounds. In JMH's mode, one call at a time, the 5 ms are
 * not measured. JMH has only the warm forks; fresh ones need a process for each round.
 */
@BenchmarkMode(Mode.SampleTime)
public class ForkAmidFirstWrites extends JmhBenchmark {

    static final int FORKS = 300;
    static final long PAUSE_NANOS = 5_000_000;

    /** Forks without a pause, before anything is measured: alone, and amid first writes. */
    private static final int WARM_UPS_ALONE = 20_000;
    private static final int WARM_UPS_AMID = 4_000;

    private static final int LINUX_FORKS = 100;
    private static final int LINUX_WRITES = 16;

    private static final Turns WARM_ROUNDS = new Turns(1, 5);
    /** Each sample is a process of its own, so the first round counts too. */
    private static final Turns FRESH_ROUNDS = new Turns(0, 5);

    /** True if another thread writes meanwhile. */
    @Param({"false", "true"})
    public boolean amidWrites;

    private ForkedSpace forked;

    /** Opens the space, and starts the other thread if there is to be one. */
    @Setup(Level.Trial)
    public void open() {
        forked = new ForkedSpace(true);
        if (amidWrites) {
            forked.startWriter();
        }
    }

    @Setup(Level.Invocation)
    public void pause() {
        ForkedSpace.pause(PAUSE_NANOS);
    }

    @Benchmark
    public AddressSpace fork() {
        return forked.fork();
    }

    @TearDown(Level.Invocation)
    public void closeOldest() {
        forked.closeOldest();
    }

    @TearDown(Level.Trial)
    public void close() {
        forked.close();
    }

    // ---- the tour

    /** Adds the rows to the table. */
    public static void answer(@Nullable LinuxFork linux, Report report) {
        report.progress("forks amid first writes of another thread ...");
        try (ForkedSpace forked = new ForkedSpace(true)) {
            time(forked, false, WARM_UPS_ALONE, 0);
            time(forked, true, WARM_UPS_AMID, 0);
            List<List<ForkTimes>> taken = WARM_ROUNDS.take(sides(() -> time(forked, true, FORKS, PAUSE_NANOS),
                    () -> time(forked, false, FORKS, PAUSE_NANOS), report.isFull() ? linux : null));
            add("warm", Promise.FORK_AMID_WRITES, Promise.FORK_AMID_WRITES_P99, taken, report);
        }
        report.progress("the same in the first seconds of a process ...");
        List<List<ForkTimes>> taken = FRESH_ROUNDS.take(sides(() -> FreshForks.inNewProcess(true),
                () -> FreshForks.inNewProcess(false), report.isFull() ? linux : null));
        add("fresh", Promise.FORK_AMID_WRITES_FRESH, Promise.FORK_AMID_WRITES_FRESH_P99, taken, report);
    }

    private static ForkTimes time(ForkedSpace forked, boolean amidWrites, int forks, long pauseNanos) {
        if (amidWrites) {
            forked.startWriter();
        }
        ForkTimes times = forked.time(forks, pauseNanos);
        forked.stopWriter();
        forked.closeForks();
        return times;
    }

    /** Lists what is measured by turns: amid first writes, alone, and Linux if it is there. */
    private static List<Supplier<ForkTimes>> sides(Supplier<ForkTimes> amid, Supplier<ForkTimes> alone,
            @Nullable LinuxFork linux) {
        List<Supplier<ForkTimes>> sides = new ArrayList<>(List.of(amid, alone));
        if (linux != null) {
            sides.add(() -> {
                LinuxFork.Times times = linux.measure(ForkedSpace.SIZE_BYTES, LINUX_FORKS, LINUX_WRITES);
                return new ForkTimes((double) times.fork(), (double) times.forkP99(), 0);
            });
        }
        return sides;
    }

    private static void add(String age, Promise p50, Promise p99, List<List<ForkTimes>> taken, Report report) {
        add("fork amid first writes, " + age + ", p50", p50, ForkTimes::p50, taken, report);
        add("fork amid first writes, " + age + ", p99", p99, ForkTimes::p99, taken, report);
        double writes = taken.getFirst().stream().mapToDouble(ForkTimes::writesPerSecond).average().orElseThrow();
        report.note("Forks amid first writes, " + age + ": the other thread made " + Figures.number(writes)
                + " writes a second.");
    }

    private static void add(String what, Promise promise, ToDoubleFunction<ForkTimes> percentile,
            List<List<ForkTimes>> taken, Report report) {
        double[] amid = taken.getFirst().stream().mapToDouble(percentile).toArray();
        double[] alone = taken.get(1).stream().mapToDouble(percentile).toArray();
        report.add(what, "without them", promise, Comparison.of(amid, alone));
        for (List<ForkTimes> linux : taken.subList(2, taken.size())) {
            report.add(what, LinuxFork.NAME + " without them", Target.NONE,
                    Comparison.of(amid, linux.stream().mapToDouble(percentile).toArray()));
        }
    }
}
