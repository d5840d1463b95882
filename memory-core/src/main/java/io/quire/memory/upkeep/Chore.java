package io.quire.memory.upkeep;

import io.quire.memory.guard.Mutex;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * One part of {@link Maintenance}. After a failure the agent pauses it, longer each time, so that it does not fill a
 * log.
 */
final class Chore {

    private static final System.Logger LOGGER = System.getLogger(Chore.class.getName());

    private static final long SHORTEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** Held by the thread that runs the chore: one at a time. */
    private final Mutex working = new Mutex();

    private final IntSupplier work;
    private final NanoClock clock;

    /** Made in advance, because there may be no memory when it is needed. */
    private final String failed;

    // Used by the agent alone.
    private @Nullable Throwable unreported;
    private long pauseNanos;
    private long nextTurn;

    Chore(String manager, String name, IntSupplier work) {
        this(manager, name, work, System::nanoTime);
    }

    Chore(String manager, String name, IntSupplier work, NanoClock clock) {
        this.work = work;
        this.clock = clock;
        this.nextTurn = clock.nanoTime();
        this.failed = "memory manager " + manager + " failed to " + name + "; it tries again after a pause";
    }

    /** Runs the chore, unless another thread is running it. Returns how much was done. */
    int run() {
        if (!working.tryLock()) {
            return 0;
        }
        try {
            return work.getAsInt();
        } finally {
            working.unlock();
        }
    }

    /** Runs the chore if it is not paused. Throws nothing: a failure that cannot be logged now is logged later. */
    int runAndReport() {
        reportIfAny();
        if (clock.nanoTime() - nextTurn < 0) {
            return 0;
        }
        try {
            int done = run();
            pauseNanos = 0;
            return done;
        } catch (Throwable failure) {
            // Nothing here allocates: if memory has run out, the report waits until there is some.
            unreported = failure;
            pauseNanos = Math.clamp(2 * pauseNanos, SHORTEST_PAUSE_NANOS, LONGEST_PAUSE_NANOS);
            nextTurn = clock.nanoTime() + pauseNanos;
            return 0;
        }
    }

    private void reportIfAny() {
        Throwable failure = unreported;
        if (failure != null) {
            try {
                LOGGER.log(System.Logger.Level.ERROR, failed, failure);
                unreported = null;
            } catch (Throwable _) { // the next turn reports it
                unreported = failure;
            }
        }
    }

    @Override
    public String toString() {
        return "Chore[" + failed + (unreported == null ? "" : ", unreported=" + unreported) + "]";
    }
}
