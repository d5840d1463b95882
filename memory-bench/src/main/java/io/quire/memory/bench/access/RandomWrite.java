package io.quire.memory.bench.access;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

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
 * What does writing 8 bytes at a random address cost through an accessor, beside a flat segment? All pages
 * are writable already.
 * <p>
 * Expected: 1.5 to 2 times the flat write. To the translation of a read this adds two stores to the writer
 * slot, which stays in the first-level cache, and no fence that the processor sees. At 1 GiB both sides wait
 * for the line that is written.
 * <p>
 * More than 3 in cache would mean that the slot is fenced fully: no native access, or no membarrier.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class RandomWrite {

    private static final int WRITES = 4096;

    private long state = Xorshift.SEED;

    @Benchmark
    @OperationsPerInvocation(WRITES)
    public long quire(Twins memory) {
        Accessor accessor = memory.accessor();
        long address = memory.address();
        long mask = memory.offsetMask();
        long random = state;
        for (int i = 0; i < WRITES; i++) {
            random = Xorshift.next(random);
            accessor.setLong(address + (random & mask), random);
        }
        state = random;
        return random;
    }

    @Benchmark
    @OperationsPerInvocation(WRITES)
    public long flat(Twins memory) {
        MemorySegment segment = memory.segment();
        long mask = memory.offsetMask();
        long random = state;
        for (int i = 0; i < WRITES; i++) {
            random = Xorshift.next(random);
            segment.set(JAVA_LONG, random & mask, random);
        }
        state = random;
        return random;
    }

    /** Adds the row of one working set to the table. */
    static void answer(Twins memory, Report report) {
        RandomWrite write = new RandomWrite();
        report.add("random write of 8 bytes, " + memory.workingSet.words() + ", flat segment",
                memory.workingSet == WorkingSet.MIB_64 ? Target.NONE : Target.atMost(2),
                Paired.BATCHES.compare(Timed.of(WRITES, () -> write.quire(memory)),
                        Timed.of(WRITES, () -> write.flat(memory))));
    }
}
