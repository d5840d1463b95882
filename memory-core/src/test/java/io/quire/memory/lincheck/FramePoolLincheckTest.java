package io.quire.memory.lincheck;

import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import java.util.Arrays;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * Bounded interleavings of the reference counts of a frame: two spaces share the only frame of a pool, add a reference,
 * release it, and allocate it again when it is free. This tests the word and the allocator, not the content of the
 * frame.
 */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class FramePoolLincheckTest {

    private static final int THREADS = 2;

    /** A search through the 64 slots of a magazine must not count as an endless loop. */
    private static final int LOOP_BOUND = 1_000;

    @Test
    void referencesOfAFrameAreLinearizable() {
        new ModelCheckingOptions().threads(THREADS).actorsPerThread(3).actorsBefore(0).actorsAfter(0)
                .iterations(12).invocationsPerIteration(150).loopBound(LOOP_BOUND)
                .minimizeFailedScenario(false).sequentialSpecification(Counts.class).check(Pool.class);
    }

    /** Returns one reference per thread. Lincheck counts its threads from 1. */
    private static int[] oneEach() {
        int[] held = new int[THREADS + 1];
        Arrays.fill(held, 1, THREADS + 1, 1);
        return held;
    }

    /** A pool of one frame; at first every thread has a reference to it. */
    public static final class Pool {

        private final FramePool pool = FramePools.ofHost(1).host();
        private final int[] held = oneEach();
        private final long frame = pool.allocate();

        public Pool() {
            for (int thread = 2; thread <= THREADS; thread++) {
                pool.acquire(frame);
            }
        }

        @Operation
        public boolean allocate(@Param(gen = ThreadIdGen.class) int thread) {
            if (held[thread] > 0 || pool.allocate() == FramePool.NONE) {
                return false;
            }
            held[thread] = 1;
            return true;
        }

        @Operation
        public void acquire(@Param(gen = ThreadIdGen.class) int thread) {
            if (held[thread] > 0) {
                pool.acquire(frame);
                held[thread]++;
            }
        }

        @Operation
        public void release(@Param(gen = ThreadIdGen.class) int thread) {
            if (held[thread] > 0) {
                held[thread]--;
                pool.release(frame);
            }
        }

        @Operation
        public boolean isSoleOwner(@Param(gen = ThreadIdGen.class) int thread) {
            return held[thread] > 0 && pool.references(frame) == held[thread];
        }
    }

    /** The sequential model. */
    public static final class Counts {

        private final int[] held = oneEach();

        public boolean allocate(int thread) {
            if (total() > 0) {
                return false;
            }
            held[thread] = 1;
            return true;
        }

        public void acquire(int thread) {
            held[thread] += held[thread] > 0 ? 1 : 0;
        }

        public void release(int thread) {
            held[thread] -= held[thread] > 0 ? 1 : 0;
        }

        public boolean isSoleOwner(int thread) {
            return held[thread] > 0 && total() == held[thread];
        }

        private int total() {
            return Arrays.stream(held).sum();
        }
    }
}
