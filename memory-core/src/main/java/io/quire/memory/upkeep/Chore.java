package io.quire.memory.upkeep;

import io.quire.memory.guard.Mutex;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * One part of {@link Maintenance}. After a failure the agent leaves it alone for a while, longer each time, so that it
 * does not fill a log.
 */
final class Chore {

    private static final System.Logger LOGGER = System.getLogger(Chore.class.getName());

    private static final long SHORTEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** Held by who does it: one at a time. */
    private final Mutex working = new Mutex();

    private final IntSupplier work;
    private final NanoClock clock;

    /** Made in advance, because it is needed when there may be no memory for it. */
    private final String failed;

    // Of the agent.
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
        this.failed = "memory manager " + manager + " failed to " + name + "; it goes on, after a pause";
    }

    /** Does it, unless another thread is at it; how much was done. */
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

    /** Does it if it is not paused. Throws nothing: what it cannot say now it says later. */
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
            // Nothing here needs memory: if it ran out, the report waits until there is some.
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
            } catch (Throwable _) { // the next turn says it
                unreported = failure;
            }
        }
    }

    @Override
    public String toString() {
        return "Chore[" + failed + (unreported == null ? "" : ", unreported=" + unreported) + "]";
    }
}
