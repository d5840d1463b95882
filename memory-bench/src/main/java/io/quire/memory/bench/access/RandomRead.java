package io.quire.memory.bench.access;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.netty.buffer.ByteBuf;
import io.quire.memory.Accessor;
import io.quire.memory.bench.fixture.WorkingSet;
import io.quire.memory.bench.fixture.Xorshift;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does reading 8 bytes at a random address cost through an accessor, beside a flat segment and a Netty
 * buffer over that segment?
 * <p>
 * Expected: 1.5 to 2 times the flat read. Both sides wait two nanoseconds for the next random number. The
 * flat side then loads one word; ours loads two lists, an entry and the word, one after the other, and
 * compares the version. In cache those are three hits of 4 or 5 cycles that the processor overlaps with the
 * next read; at 1 GiB the table has 2 MiB, so its loads come from the second-level cache while the word comes
 * from memory on both sides.
 * <p>
 * Less than 1.2 would mean that the compiler has moved the translation out of the loop; more than 2.5 that
 * the slow path is taken, or that the table no longer fits the cache.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class RandomRead {

    private static final int READS = 4096;

    private long state = Xorshift.SEED;

    @Benchmark
    @OperationsPerInvocation(READS)
    public long quire(Twins memory) {
        Accessor accessor = memory.accessor();
        long address = memory.address();
        long mask = memory.offsetMask();
        long random = state;
        long sum = 0;
        for (int i = 0; i < READS; i++) {
            random = Xorshift.next(random);
            sum += accessor.getLong(address + (random & mask));
        }
        state = random;
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(READS)
    public long flat(Twins memory) {
        MemorySegment segment = memory.segment();
        long mask = memory.offsetMask();
        long random = state;
        long sum = 0;
        for (int i = 0; i < READS; i++) {
            random = Xorshift.next(random);
            sum += segment.get(JAVA_LONG, random & mask);
        }
        state = random;
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(READS)
    public long netty(Twins memory) {
        ByteBuf buffer = memory.buffer();
        long mask = memory.offsetMask();
        long random = state;
        long sum = 0;
        for (int i = 0; i < READS; i++) {
            random = Xorshift.next(random);
            sum += buffer.getLong((int) (random & mask));
        }
        state = random;
        return sum;
    }

    /** What the loop and the random numbers alone cost. */
    @Benchmark
    @OperationsPerInvocation(READS)
    public long baseline(Twins memory) {
        long mask = memory.offsetMask();
        long random = state;
        long sum = 0;
        for (int i = 0; i < READS; i++) {
            random = Xorshift.next(random);
            sum += random & mask;
        }
        state = random;
        return sum;
    }

    /** Adds the rows of one working set to the table. */
    static void answer(Twins memory, Report report) {
        RandomRead read = new RandomRead();
        String what = "random read of 8 bytes, " + memory.workingSet.words();
        Timed quire = Timed.of(READS, () -> read.quire(memory));
        report.add(what + ", flat segment", target(memory.workingSet),
                Paired.BATCHES.compare(quire, Timed.of(READS, () -> read.flat(memory))));
        report.add(what + ", Netty getLong", Target.atLeast(1),
                Paired.BATCHES.compare(quire, Timed.of(READS, () -> read.netty(memory))));
    }

    /** How long both sides wait for a random number, in nanoseconds. */
    static double nanosOfRandomNumber(Twins memory) {
        RandomRead read = new RandomRead();
        Timed baseline = Timed.of(READS, () -> read.baseline(memory));
        return Paired.LONG_BATCHES.compare(baseline, baseline).ours();
    }

    private static Target target(WorkingSet workingSet) {
        return workingSet == WorkingSet.MIB_64 ? Target.NONE : Target.atMost(2);
    }
}
