package io.quire.memory.demo;

import io.quire.memory.Accessor;
import io.quire.memory.MemoryManager;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * The first act of the demo: a writer, a thread that forks, and readers work on one map. The writer goes on until no
 * more forks are taken, and the readers until all forks are checked. When {@link #run} returns or throws, all threads
 * have ended and all forks are closed.
 */
final class Race {

    /**
     * The seed of all random choices: which values are updated, and which forks are closed. Apart from timing, each run
     * makes the same choices.
     */
    private static final long SEED = 20;

    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long WALK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final MemoryManager memory;
    private final LoadedMap loaded;
    private final Plan plan;
    private final RunControl control;
    private final Writer writer;
    private final ForkKeeper forks;
    private final ForkReader reader;
    private final HeldMemory held;
    private final long copiedBefore;
    private long heldEndBytes;
    private long pagesCopied;

    Race(MemoryManager memory, LoadedMap loaded, Plan plan, RunControl control, Checksum.EntryHash readersHash) {
        this.memory = memory;
        this.loaded = loaded;
        this.plan = plan;
        this.control = control;
        copiedBefore = memory.statistics().pagesCopied();
        writer = new Writer(loaded, random.split());
        held = new HeldMemory(memory, loaded.space());
        int mostOpen = plan.mostOpen(held.liveBytes());
        forks = new ForkKeeper(loaded.space(), writer, control, mostOpen, random.split());
        reader = new ForkReader(readersHash, loaded, forks, control);
    }

    /**
     * Runs all threads until the run ends.
     *
     * @throws ExecutionException if a thread failed
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
        Throwable failure = control.failure();
        if (failure != null) {
            throw new ExecutionException(failure);
        }
        compareLive();
        held.measureLive();
        pagesCopied = memory.statistics().pagesCopied() - copiedBefore;
        heldEndBytes = Reclaim.untilUsedIs(held.liveBytes(), memory);
    }

    /**
     * Returns the number of readers: one for two processors, because the writer and the garbage collector need
     * processors too.
     */
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

    /** Compares the live map, after all forks. */
    private void compareLive() {
        try (Accessor live = loaded.space().accessor()) {
            reader.compare("the live map", loaded.in(live),
                    CandidateStates.only(writer.updates(), loaded.expected().checksum()));
        }
    }

    private interface Work {
        void run() throws InterruptedException;
    }

    private void tryTo(Work work) {
        try {
            work.run();
        } catch (Throwable failure) {
            control.fail(failure);
        }
    }

    /** Measures memory and shows progress until all threads have ended. */
    private void watch(ExecutorService crew, Progress progress) throws InterruptedException {
        try {
            long nextWalk = control.elapsedNanos() + WALK_NANOS;
            while (!crew.awaitTermination(TICK_NANOS, TimeUnit.NANOSECONDS)) {
                if (control.elapsedNanos() > nextWalk) {
                    held.measureLive();
                    nextWalk += WALK_NANOS;
                }
                long heldBytes = held.sampleBytes();
                progress.tick(() -> state(heldBytes));
            }
        } finally {
            control.stop();
        }
    }

    private String state(long heldBytes) {
        return "forks %s (%d open hold %s)  checksums %s equal, %s different  updates %s".formatted(
                Units.count(forks.taken()), forks.open(), Units.bytes(heldBytes), Units.count(reader.equal()),
                Units.count(reader.different()), Units.count(writer.updates()));
    }

    // ---- results

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

    Outcome.Integrity integrity(long framesLeaked) {
        return new Outcome.Integrity(reader.compared(), reader.equal(), reader.firstDifference(), framesLeaked);
    }
}
