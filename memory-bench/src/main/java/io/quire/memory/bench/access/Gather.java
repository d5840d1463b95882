package io.quire.memory.bench.access;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

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
 * What does a word cost when many random addresses are read in one call, beside a loop over a flat segment?
 * Both sides take the addresses from one array and put the words into another.
 * <p>
 * Expected: 1.2 to 1.5 at 1 GiB. All words come from memory and the processor can wait for ten of them at a
 * time, on both sides; ours translates all addresses before the first load, so the loads of the table do not
 * stand between them.
 * <p>
 * As much as a single read would mean that the translations do not overlap.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class Gather {

    private static final int WORDS = 256;

    private final long[] places = new long[WORDS];
    private final long[] values = new long[WORDS];

    private long state = Xorshift.SEED;

    @Benchmark
    @OperationsPerInvocation(WORDS)
    public long quire(Twins memory) {
        choosePlaces(memory.address(), memory.offsetMask());
        memory.accessor().gatherLongs(places, values, WORDS);
        return values[WORDS - 1];
    }

    @Benchmark
    @OperationsPerInvocation(WORDS)
    public long flat(Twins memory) {
        choosePlaces(0, memory.offsetMask());
        MemorySegment segment = memory.segment();
        for (int i = 0; i < WORDS; i++) {
            values[i] = segment.get(JAVA_LONG, places[i]);
        }
        return values[WORDS - 1];
    }

    private void choosePlaces(long start, long mask) {
        long random = state;
        for (int i = 0; i < WORDS; i++) {
            random = Xorshift.next(random);
            places[i] = start + (random & mask);
        }
        state = random;
    }

    /** Adds the row of one working set to the table. */
    static void answer(Twins memory, Report report) {
        Gather gather = new Gather();
        report.add("gather of 256 random words, " + memory.workingSet.words() + ", flat loop",
                memory.workingSet == WorkingSet.GIB_1 ? Target.atMost(1.5) : Target.NONE,
                Paired.BATCHES.compare(Timed.of(WORDS, () -> gather.quire(memory)),
                        Timed.of(WORDS, () -> gather.flat(memory))));
    }
}
