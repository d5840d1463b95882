package io.quire.memory.bench.fork;

import io.quire.memory.Accessor;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How much longer does {@code fork()} take while another thread uses the space through an accessor of its own?
 * <p>
 * Expected: next to nothing if the other thread only reads. If it writes, ten microseconds. A writer does not fence its
 * slot, so the fork must fence every running thread of the process: one system call, and an interrupt for each
 * processor that runs such a thread. The fork also waits for the faults that the writer takes after each fork, because
 * they hold the lock of the space. The alternative would be a fence in every write.
 * <p>
 * If a fork beside a writer took no longer than a fork alone, it would not wait for the writer slots of other threads.
 */
public class ForkBesideThread extends JmhBenchmark {

    /** What the other thread does. */
    public enum Activity { READS, WRITES }

    @Param
    public Activity activity;

    private ForkTime alone;
    private ForkTime watched;
    private Thread other;

    private volatile boolean done;
    private volatile @Nullable RuntimeException failure;

    @Setup(Level.Trial)
    public void open() throws InterruptedException {
        alone = ForkTime.of(SpaceSize.MIB_1);
        watched = ForkTime.of(SpaceSize.MIB_1);
        CountDownLatch busy = new CountDownLatch(1);
        other = Thread.ofPlatform().daemon().name("other").start(() -> use(busy));
        busy.await();
    }

    @Benchmark
    @OperationsPerInvocation(ForkTime.FORKS)
    public long alone() {
        return alone.fork();
    }

    @Benchmark
    @OperationsPerInvocation(ForkTime.FORKS)
    public long besideOther() {
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
        other.join();
        RuntimeException cause = failure;
        if (cause != null) {
            throw new IllegalStateException("the other thread ended early", cause);
        }
        alone.close();
        watched.close();
    }

    private void use(CountDownLatch busy) {
        try (Accessor accessor = watched.space().accessor()) {
            busy.countDown();
            for (long i = 0; !done; i++) {
                if (activity == Activity.WRITES) {
                    accessor.setLong(watched.address(), i);
                } else {
                    accessor.getLong(watched.address());
                }
                Thread.onSpinWait();
            }
        } catch (RuntimeException early) {
            failure = early;
        }
    }

    /** Adds a row for each activity to the table. */
    public static void answer(Report report) throws InterruptedException {
        for (Activity activity : Activity.values()) {
            String label = "fork while another thread " + activity.name().toLowerCase(Locale.ROOT);
            report.progress(label + " ...");
            ForkBesideThread fork = new ForkBesideThread();
            fork.activity = activity;
            fork.open();
            try {
                report.add(label, "without it", Target.NONE,
                        Paired.BATCHES.compare(fork.watched.timed(), fork.alone.timed()));
            } finally {
                fork.close();
            }
        }
    }
}
