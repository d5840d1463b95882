package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameAllocator.NONE;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * Bounded interleavings of an allocator with very few frames. Any free frame is a right answer, so an operation returns
 * only true or false; a stamp on each frame shows if two threads have it.
 */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class FrameAllocatorLincheckTest {
    private static final int THREADS_MAX = 8;

    @Test
    void magazinesAndThievesAreLinearizable() {
        options().sequentialSpecification(MagazineCounter.class).check(Magazines.class);
    }

    @Test
    void runsAndStripesAreLinearizable() {
        options().sequentialSpecification(RunCounter.class).check(Runs.class);
    }

    private static ModelCheckingOptions options() {
        return new ModelCheckingOptions().threads(2).actorsPerThread(3).actorsBefore(0).actorsAfter(2)
                .iterations(20).invocationsPerIteration(150).minimizeFailedScenario(false);
    }

    /** The frames of each thread, with their stamps. */
    private static final class Held {
        private final List<Deque<Integer>> frames = new ArrayList<>();
        private final AtomicIntegerArray stamps;

        Held(int count) {
            stamps = new AtomicIntegerArray(count);
            for (int thread = 0; thread < THREADS_MAX; thread++) {
                frames.add(new ArrayDeque<>());
            }
        }

        boolean push(int thread, int frame, int count) {
            if (frame == NONE) {
                return false;
            }
            for (int at = frame; at < frame + count; at++) {
                if (stamps.getAndSet(at, 1) != 0) {
                    throw new IllegalStateException("frame has two owners: frame=" + at);
                }
            }
            frames.get(thread).push(frame);
            return true;
        }

        int poll(int thread, int count) {
            Integer frame = frames.get(thread).poll();
            if (frame == null) {
                return NONE;
            }
            for (int at = frame; at < frame + count; at++) {
                stamps.set(at, 0);
            }
            return frame;
        }
    }

    /** Each thread has a magazine and some of three frames. */
    public static final class Magazines {
        private final FrameAllocator allocator = new FrameAllocator(3, 1, 2);
        private final List<Magazine> magazines = new ArrayList<>();
        private final Held held = new Held(3);

        public Magazines() {
            for (int thread = 0; thread < THREADS_MAX; thread++) {
                magazines.add(allocator.newMagazine());
            }
        }

        @Operation
        public boolean allocate(@Param(gen = ThreadIdGen.class) int thread) {
            return held.push(thread, magazines.get(thread).allocate(), 1);
        }

        @Operation
        public boolean free(@Param(gen = ThreadIdGen.class) int thread) {
            int frame = held.poll(thread, 1);
            if (frame != NONE) {
                magazines.get(thread).free(frame);
            }
            return frame != NONE;
        }

        @Operation
        public void close(@Param(gen = ThreadIdGen.class) int thread) {
            magazines.set(thread, allocator.newMagazine()).close();
        }

        @Validate
        public void check() {
            allocator.check();
        }
    }

    /** The sequential model: frames are alike and magazines do not show, so a count is enough. */
    public static final class MagazineCounter {
        private final int[] held = new int[THREADS_MAX];
        private int free = 3;

        public boolean allocate(int thread) {
            if (free == 0) {
                return false;
            }
            free--;
            held[thread]++;
            return true;
        }

        public boolean free(int thread) {
            if (held[thread] == 0) {
                return false;
            }
            held[thread]--;
            free++;
            return true;
        }

        public void close(int thread) {
            // does not show
        }
    }

    /** All threads share the magazine of one stripe. They take one of two frames, or both as a run. */
    public static final class Runs {
        private final FrameAllocator allocator = new FrameAllocator(2, 1, 2);
        private final Held frames = new Held(2);
        private final Held pairs = new Held(2);

        @Operation
        public boolean allocate(@Param(gen = ThreadIdGen.class) int thread) {
            return frames.push(thread, allocator.allocate(), 1);
        }

        @Operation
        public boolean free(@Param(gen = ThreadIdGen.class) int thread) {
            int frame = frames.poll(thread, 1);
            if (frame != NONE) {
                allocator.free(frame);
            }
            return frame != NONE;
        }

        @Operation
        public boolean allocatePair(@Param(gen = ThreadIdGen.class) int thread) {
            return pairs.push(thread, allocator.allocate(1), 2);
        }

        @Operation
        public boolean freePair(@Param(gen = ThreadIdGen.class) int thread) {
            int frame = pairs.poll(thread, 2);
            if (frame != NONE) {
                allocator.free(frame, 1);
            }
            return frame != NONE;
        }

        @Validate
        public void check() {
            allocator.check();
        }
    }

    /** The sequential model: two frames form a run as soon as both are free. */
    public static final class RunCounter {
        private final int[] held = new int[THREADS_MAX];
        private final int[] pairs = new int[THREADS_MAX];
        private int free = 2;

        public boolean allocate(int thread) {
            return take(held, thread, 1);
        }

        public boolean free(int thread) {
            return give(held, thread, 1);
        }

        public boolean allocatePair(int thread) {
            return take(pairs, thread, 2);
        }

        public boolean freePair(int thread) {
            return give(pairs, thread, 2);
        }

        private boolean take(int[] from, int thread, int count) {
            if (free < count) {
                return false;
            }
            free -= count;
            from[thread]++;
            return true;
        }

        private boolean give(int[] from, int thread, int count) {
            if (from[thread] == 0) {
                return false;
            }
            from[thread]--;
            free += count;
            return true;
        }
    }
}
