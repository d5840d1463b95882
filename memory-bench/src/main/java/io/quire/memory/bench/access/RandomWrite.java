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
 * What does writing 8 bytes at a random address cost through an accessor, beside a flat segment and buffers of Netty
 * and Agrona over that segment? All pages are writable already.
 * <p>
 * Expected: 1.5 to 2 times the flat write. It needs a translation, as a read does, and two stores to the writer slot,
 * which stays in the first-level cache. There is no fence instruction. At 1 GiB all sides wait for the cache line that
 * they write.
 * <p>
 * More than 3 in cache would mean a full fence for each write: native access or membarrier is missing.
 */
public class RandomWrite extends JmhBenchmark {

    static final int WRITES = 4096;

    private LongUnaryOperator loop;

    @Setup(Level.Trial)
    public void open(RivalMemories memory) {
        loop = loop(memory.words());
    }

    @Benchmark
    @OperationsPerInvocation(WRITES)
    public long write(RivalMemories memory) {
        return loop.applyAsLong(memory.offsetMask());
    }

    /** Returns a loop over the memory of one rival. Its argument is the mask of the working set. */
    static LongUnaryOperator loop(WordAccess words) {
        return SpecialisedLoop.of(MethodHandles.lookup(), Loop.class, words);
    }

    /** Writes at random places under a mask. */
    static final class Loop implements LongUnaryOperator {

        private static final WordAccess WORDS = SpecialisedLoop.rival(MethodHandles.lookup(), WordAccess.class);

        private long state = Xorshift.SEED;

        @Override
        public long applyAsLong(long mask) {
            long random = state;
            for (int i = 0; i < WRITES; i++) {
                random = Xorshift.next(random);
                WORDS.set(WORDS.start() + (random & mask), random);
            }
            state = random;
            return random;
        }
    }

    /** Returns the target beside a rival. */
    static Target target(Memory rival, WorkingSet workingSet) {
        if (rival != Memory.FLAT) {
            return Target.NONE;
        }
        return switch (workingSet) {
            case MIB_1 -> Promise.WRITE_IN_CACHE;
            case GIB_1 -> Promise.WRITE_IN_MEMORY;
            case MIB_64 -> Target.NONE;
        };
    }
}
