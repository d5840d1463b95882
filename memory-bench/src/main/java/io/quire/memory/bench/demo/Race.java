package io.quire.memory.bench.demo;

import io.quire.memory.Accessor;
import io.quire.memory.MemoryManager;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * A writer, a forker and readers on one map. The writer goes on until the forker has ended, and the readers
 * until all forks are checked. All threads have ended and all forks are closed when {@link #run} returns,
 * however it does.
 */
final class Race {

    /** Which values are updated, which forks are closed: the same every time, as far as threads allow. */
    private static final long SEED = 20;

    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long WALK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final MemoryManager memory;
    private final LoadedMap loaded;
    private final Plan plan;
    private final Course course;
    private final Writer writer;
    private final ForkKeeper forks;
    private final ForkReader reader;
    private final HeldMemory held;
    private final long copiedBefore;
    private long heldEndBytes;
    private long pagesCopied;

    Race(MemoryManager memory, LoadedMap loaded, Plan plan, Course course, Checksum.EntryHash readersHash) {
        this.memory = memory;
        this.loaded = loaded;
        this.plan = plan;
        this.course = course;
        copiedBefore = memory.statistics().pagesCopied();
        writer = new Writer(loaded, random.split());
        held = new HeldMemory(memory, loaded.space());
        int mostOpen = plan.mostOpen(held.liveBytes());
        forks = new ForkKeeper(loaded.space(), writer, course, mostOpen, random.split());
        reader = new ForkReader(readersHash, loaded, forks, course);
    }

    /**
     * Has all of them run until the course ends.
     *
     * @throws ExecutionException if one of them failed
     * @throws InterruptedException if the caller was interrupted
     */
    void run(Progress progress) throws ExecutionException, InterruptedException {
        ThreadFactory threads = Thread.ofPlatform().name("demo-", 0).factory();
        try (ExecutorService crew = Executors.newThreadPerTaskExecutor(threads)) {
            crew.execute(() -> tryTo(writer::run));
            crew.execute(() -> tryTo(this::fork));
            for (int i = 0; i < readers(); i++) {
                SplittableRandom own = random.split();
                crew.execute(() -> tryTo(() -> reader.run(own)));
            }
            crew.shutdown();
            watch(crew, progress);
        } finally {
            forks.closeAll();
        }
        Throwable failure = course.failure();
        if (failure != null) {
            throw new ExecutionException(failure);
        }
        compareLive();
        held.measureLive();
        pagesCopied = memory.statistics().pagesCopied() - copiedBefore;
        heldEndBytes = Reclaim.untilUsedIs(held.liveBytes(), memory);
    }

    /** One reader for two processors: the writer and the collector need some too. */
    private static int readers() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }

    private void fork() {
        try {
            forks.run();
        } finally {
            writer.stop();
        }
    }

    /** The last map to be compared is the one that was changed all the time. */
    private void compareLive() {
        try (Accessor live = loaded.space().accessor()) {
            reader.compare("the live map", loaded.in(live),
                    Moments.only(writer.updates(), loaded.ledger().checksum()));
        }
    }

    private interface Work {
        void run() throws InterruptedException;
    }

    private void tryTo(Work work) {
        try {
            work.run();
        } catch (Throwable failure) {
            course.fail(failure);
        }
    }

    /** Measures and tells until all have ended. */
    private void watch(ExecutorService crew, Progress progress) throws InterruptedException {
        try {
            long nextWalk = course.elapsedNanos() + WALK_NANOS;
            while (!crew.awaitTermination(TICK_NANOS, TimeUnit.NANOSECONDS)) {
                if (course.elapsedNanos() > nextWalk) {
                    held.measureLive();
                    nextWalk += WALK_NANOS;
                }
                long heldBytes = held.sampleBytes();
                progress.tick(() -> state(heldBytes));
            }
        } finally {
            course.stop();
        }
    }

    private String state(long heldBytes) {
        return "forks %s (%d open hold %s)  checksums %s equal, %s different  updates %s".formatted(
                Units.count(forks.taken()), forks.open(), Units.bytes(heldBytes), Units.count(reader.equal()),
                Units.count(reader.different()), Units.count(writer.updates()));
    }

    // ---- what came out

    Writer writer() {
        return writer;
    }

    ForkKeeper forks() {
        return forks;
    }

    Outcome.MemoryUse memoryUse() {
        return new Outcome.MemoryUse(plan.limitBytes(), held.liveBytes() / Units.PAGE_BYTES, pagesCopied,
                held.peakBytes(), heldEndBytes);
    }

    Outcome.Checks checks(long framesLeaked) {
        return new Outcome.Checks(reader.compared(), reader.equal(), reader.firstDifference(), framesLeaked);
    }
}
