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
 * What does reading 8 bytes at a random address cost through an accessor, beside a flat segment and buffers of Netty
 * and Agrona over that segment?
 * <p>
 * Expected: 1.5 to 2 times the flat read. All sides need two nanoseconds for the next random number. The flat side then
 * loads one word; ours loads a translation, then the word, and compares the version. In cache those are hits of 4 or 5
 * cycles, which the processor overlaps with the next read. At 1 GiB the translations take 2 MiB, so they come from the
 * second-level or third-level cache, while the word comes from memory on all sides. Agrona costs as much as the flat
 * segment, less the check that a segment is alive; Netty also checks that the buffer was not released.
 * <p>
 * Less than 1.2 would mean that the compiler moved the translation out of the loop. More than 2.5 would mean that reads
 * take the slow path, that the translations do not fit the cache, or that a read has so many instructions that the
 * processor overlaps fewer reads.
 */
public class RandomRead extends JmhBenchmark {

    static final int READS = 4096;

    private LongUnaryOperator loop;

    @Setup(Level.Trial)
    public void open(RivalMemories memory) {
        loop = loop(memory.words());
    }

    @Benchmark
    @OperationsPerInvocation(READS)
    public long read(RivalMemories memory) {
        return loop.applyAsLong(memory.offsetMask());
    }

    /** Returns a loop over the memory of one rival. Its argument is the mask of the working set. */
    static LongUnaryOperator loop(WordAccess words) {
        return SpecialisedLoop.of(MethodHandles.lookup(), Loop.class, words);
    }

    /** Reads at random places under a mask. */
    static final class Loop implements LongUnaryOperator {

        private static final WordAccess WORDS = SpecialisedLoop.rival(MethodHandles.lookup(), WordAccess.class);

        private long state = Xorshift.SEED;

        @Override
        public long applyAsLong(long mask) {
            long random = state;
            long sum = 0;
            for (int i = 0; i < READS; i++) {
                random = Xorshift.next(random);
                sum += WORDS.get(WORDS.start() + (random & mask));
            }
            state = random;
            return sum;
        }
    }

    /** Returns the target beside a rival. */
    static Target target(Memory rival, WorkingSet workingSet) {
        return switch (workingSet) {
            case MIB_1 -> rival == Memory.FLAT ? Promise.READ_IN_CACHE
                    : rival == Memory.NETTY ? Promise.READ_IN_CACHE_BESIDE_NETTY : Target.NONE;
            case GIB_1 -> rival == Memory.FLAT ? Promise.READ_IN_MEMORY
                    : rival == Memory.NETTY ? Promise.READ_IN_MEMORY_BESIDE_NETTY : Target.NONE;
            case MIB_64 -> Target.NONE;
        };
    }
}
