package io.quire.memory.bench.fork;

import io.quire.memory.Accessor;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import java.util.concurrent.CountDownLatch;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does another thread that reads the space through an accessor of its own add to {@code fork()}?
 * <p>
 * Expected: a microsecond or two. The accessor's writer slot is not fenced by its owner, so the fork has to
 * have every running thread of the process fenced: one system call, and an interrupt for each processor that
 * runs one. The alternative would be a fence in every write.
 * <p>
 * The same as without the reader would mean that the slots of other threads are not waited for.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class ForkBesideReader {

    private ForkTime alone;
    private ForkTime watched;
    private Thread reader;

    private volatile boolean done;

    @Setup(Level.Trial)
    public void open() throws InterruptedException {
        alone = ForkTime.of(ForkTime.Size.MIB_1);
        watched = ForkTime.of(ForkTime.Size.MIB_1);
        CountDownLatch reading = new CountDownLatch(1);
        reader = Thread.ofPlatform().daemon().name("reader").start(() -> read(reading));
        reading.await();
    }

    @Benchmark
    @OperationsPerInvocation(ForkTime.FORKS)
    public long alone() {
        return alone.fork();
    }

    @Benchmark
    @OperationsPerInvocation(ForkTime.FORKS)
    public long besideReader() {
        return watched.fork();
    }

    @TearDown(Level.Invocation)
    public void closeChildren() {
        alone.closeChildren();
        watched.closeChildren();
    }

    @TearDown(Level.Trial)
    public void close() throws InterruptedException {
        done = true;
        reader.join();
        alone.close();
        watched.close();
    }

    private void read(CountDownLatch reading) {
        try (Accessor accessor = watched.space().accessor()) {
            reading.countDown();
            while (!done) {
                accessor.getLong(watched.address());
                Thread.onSpinWait();
            }
        }
    }

    /** Adds the row to the table. */
    public static void answer(Report report) throws InterruptedException {
        report.progress("fork while another thread reads ...");
        ForkBesideReader fork = new ForkBesideReader();
        fork.open();
        try {
            report.add("fork while another thread reads, without it", Target.NONE,
                    Paired.BATCHES.compare(fork.watched.timed(), fork.alone.timed()));
        } finally {
            fork.close();
        }
    }
}
