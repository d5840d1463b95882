package io.quire.memory.bench.access;

import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.WorkingSet;
import io.quire.memory.bench.fixture.Xorshift;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.SpecialisedLoop;
import io.quire.memory.bench.measure.Target;
import java.lang.invoke.MethodHandles;
import java.util.function.LongUnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;

/**
 * What does a word cost when one call reads many random addresses, beside a loop over a flat segment or a buffer? All
 * sides take the addresses from one array and put the words into another.
 * <p>
 * Expected: 1.2 to 1.5 at 1 GiB. On all sides the words come from memory, and the processor can wait for ten of them at
 * a time. Ours translates all addresses before the first load, so no load of a translation comes between them.
 * <p>
 * If it cost as much as a single read, the translations would not overlap.
 */
public class Gather extends JmhBenchmark {

    static final int WORDS = 256;

    private LongUnaryOperator loop;

    @Setup(Level.Trial)
    public void open(RivalMemories memory) {
        loop = loop(memory.words());
    }

    @Benchmark
    @OperationsPerInvocation(WORDS)
    public long gather(RivalMemories memory) {
        return loop.applyAsLong(memory.offsetMask());
    }

    /** Returns a loop over the memory of one rival. Its argument is the mask of the working set. */
    static LongUnaryOperator loop(WordAccess words) {
        return SpecialisedLoop.of(MethodHandles.lookup(), Loop.class, words);
    }

    /** Chooses random places under a mask, and reads them in one call. */
    static final class Loop implements LongUnaryOperator {

        private static final WordAccess MEMORY = SpecialisedLoop.rival(MethodHandles.lookup(), WordAccess.class);

        private final long[] places = new long[WORDS];
        private final long[] values = new long[WORDS];

        private long state = Xorshift.SEED;

        @Override
        public long applyAsLong(long mask) {
            long random = state;
            for (int i = 0; i < WORDS; i++) {
                random = Xorshift.next(random);
                places[i] = MEMORY.start() + (random & mask);
            }
            state = random;
            MEMORY.gather(places, values);
            return values[WORDS - 1];
        }
    }

    /** Returns the target beside a rival. */
    static Target target(Memory rival, WorkingSet workingSet) {
        return rival == Memory.FLAT && workingSet == WorkingSet.GIB_1 ? Promise.GATHER : Target.NONE;
    }
}
