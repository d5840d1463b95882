package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameAllocator.HUGE_ORDER;
import static io.quire.memory.allocator.FrameAllocator.NONE;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Many threads use an allocator at once. A stamp on each frame names its owner, and shows if there are two. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class FrameAllocatorRaceTest {
    private static final long RUN_MS = 400;

    private final long seed = Long.getLong("memory.seed", System.nanoTime());

    private record Run(int frame, int order) {
    }

    @ParameterizedTest
    @CsvSource({"70, 2, false", "200, 4, false", "2100, 3, false", "200, 4, true", "5000, 4, true"})
    void noFrameHasTwoOwners(int frames, int threads, boolean virtual) throws Exception {
        FrameAllocator allocator = new FrameAllocator(frames);
        AtomicIntegerArray owners = new AtomicIntegerArray(frames);
        SplittableRandom random = new SplittableRandom(seed);
        List<Future<?>> work = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RUN_MS);
        try (ExecutorService executor = executor(virtual)) {
            for (int thread = 1; thread <= threads; thread++) {
                int me = thread;
                SplittableRandom mine = random.split();
                work.add(executor.submit(() -> play(allocator, owners, me, mine, end)));
            }
        }
        for (Future<?> done : work) {
            try {
                done.get();
            } catch (Exception failure) {
                throw new AssertionError("rerun FrameAllocatorRaceTest with -Dmemory.seed=" + seed, failure);
            }
        }
        allocator.check();
        assertThat(allocator.freeFrames()).isEqualTo(frames);
    }

    private static void play(FrameAllocator allocator, AtomicIntegerArray owners, int me,
            SplittableRandom random, long end) {
        List<Run> live = new ArrayList<>();
        while (System.nanoTime() < end) {
            try (Magazine magazine = allocator.newMagazine()) {
                for (int step = 0; step < 2000; step++) {
                    step(allocator, magazine, owners, me, random, live);
                    if (random.nextInt(512) == 0) {
                        Thread.yield();
                    }
                }
            }
        }
        live.forEach(run -> free(allocator, null, owners, me, run));
    }

    private static void step(FrameAllocator allocator, Magazine magazine, AtomicIntegerArray owners, int me,
            SplittableRandom random, List<Run> live) {
        Magazine cache = random.nextBoolean() ? magazine : null;
        if (random.nextInt(100) < 55) {
            int order = random.nextInt(8) != 0 ? 0 : random.nextInt(40) == 0 ? HUGE_ORDER : random.nextInt(7);
            int frame = cache != null && order == 0 ? cache.allocate() : allocator.allocate(order);
            if (frame != NONE) {
                own(owners, new Run(frame, order), 0, me);
                live.add(new Run(frame, order));
            } else {
                for (int count = live.size() / 2; count > 0; count--) {
                    free(allocator, cache, owners, me, live.removeLast());
                }
            }
        } else if (!live.isEmpty()) {
            int at = random.nextInt(live.size());
            Run run = live.set(at, live.getLast());
            live.removeLast();
            free(allocator, cache, owners, me, run);
        }
    }

    private static void free(FrameAllocator allocator, Magazine cache, AtomicIntegerArray owners, int me,
            Run run) {
        own(owners, run, me, 0);
        if (cache != null && run.order == 0) {
            cache.free(run.frame);
        } else {
            allocator.free(run.frame, run.order);
        }
    }

    private static void own(AtomicIntegerArray owners, Run run, int from, int to) {
        for (int frame = run.frame; frame < run.frame + (1 << run.order); frame++) {
            int seen = owners.compareAndExchange(frame, from, to);
            if (seen != from) {
                throw new IllegalStateException("frame has two owners: frame=" + frame
                        + ", order=" + run.order + ", expected=" + from + ", seen=" + seen);
            }
        }
    }

    /** There are as many frames as threads, and each thread takes one. NONE would mean that the search has a hole. */
    @ParameterizedTest
    @CsvSource({"2, false", "3, false", "4, false", "4, true"})
    void noAllocationFailsWhileThereIsAFrameForEachThread(int threads, boolean virtual) throws Exception {
        FrameAllocator allocator = new FrameAllocator(threads);
        AtomicInteger failures = new AtomicInteger();
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RUN_MS);
        List<Future<?>> work = new ArrayList<>();
        try (ExecutorService executor = executor(virtual)) {
            for (int thread = 0; thread < threads; thread++) {
                boolean striped = thread % 2 == 0;
                work.add(executor.submit(() -> takeOneAtATime(allocator, striped, end, failures)));
            }
        }
        for (Future<?> done : work) {
            done.get();
        }
        assertThat(failures).hasValue(0);
        assertThat(allocator.freeFrames()).isEqualTo(threads);
        allocator.check();
    }

    private static void takeOneAtATime(FrameAllocator allocator, boolean striped, long end,
            AtomicInteger failures) {
        while (System.nanoTime() < end) {
            try (Magazine magazine = allocator.newMagazine()) {
                for (int step = 0; step < 100; step++) {
                    int frame = striped ? allocator.allocate() : magazine.allocate();
                    if (frame == NONE) {
                        failures.incrementAndGet();
                    } else if (striped) {
                        allocator.free(frame);
                    } else {
                        magazine.free(frame);
                    }
                }
            }
        }
    }

    /** A transfer has the only free frames, so a search for any order waits for its end. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3, 6, HUGE_ORDER})
    void searchWaitsForFramesThatAreBeingTransferred(int order) throws Exception {
        FrameAllocator allocator = new FrameAllocator(1 << order);
        int frame = allocator.treeAllocator().allocate(0, order);
        allocator.stripes().beginTransfer(1);
        try (ExecutorService executor = executor(false)) {
            Future<Integer> search = executor.submit(() -> allocator.allocate(order));
            Thread.sleep(50);
            boolean turnedAway = search.isDone();
            allocator.treeAllocator().free(1, frame, order);
            allocator.stripes().endTransfer(1);
            assertThat(turnedAway).isFalse();
            assertThat(search.get()).isEqualTo(frame);
        }
        allocator.check();
    }

    /** One thread frees what another has allocated, so the frames wander through all magazines. */
    @Test
    void framesHandedToAnotherThreadAreFreedThere() throws Exception {
        int frames = 300;
        FrameAllocator allocator = new FrameAllocator(frames);
        AtomicIntegerArray mailbox = new AtomicIntegerArray(64);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RUN_MS);
        Runnable producer = () -> {
            try (Magazine magazine = allocator.newMagazine()) {
                for (int at = 0; System.nanoTime() < end; at++) {
                    int frame = mailbox.get(at % 64) == 0 ? magazine.allocate() : NONE;
                    if (frame != NONE && !mailbox.compareAndSet(at % 64, 0, frame + 1)) {
                        magazine.free(frame);
                    }
                }
            }
        };
        Runnable consumer = () -> {
            try (Magazine magazine = allocator.newMagazine()) {
                for (int at = 0; System.nanoTime() < end; at += 3) {
                    int letter = mailbox.getAndSet(at % 64, 0);
                    if (letter != 0) {
                        magazine.free(letter - 1);
                    }
                }
            }
        };
        List<Future<?>> work = new ArrayList<>();
        try (ExecutorService executor = executor(false)) {
            for (Runnable task : List.of(producer, consumer, producer, consumer)) {
                work.add(executor.submit(task));
            }
        }
        for (Future<?> done : work) {
            done.get();
        }
        for (int at = 0; at < 64; at++) {
            if (mailbox.get(at) != 0) {
                allocator.free(mailbox.get(at) - 1);
            }
        }
        assertThat(allocator.freeFrames()).isEqualTo(frames);
        allocator.check();
    }

    private static ExecutorService executor(boolean virtual) {
        ThreadFactory factory = virtual ? Thread.ofVirtual().factory() : Thread.ofPlatform().factory();
        return Executors.newThreadPerTaskExecutor(factory);
    }
}
