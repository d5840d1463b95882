package io.quire.memory.handle;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The handles of one machine that nobody can reach and nobody has closed. What they hold is given back, and reported,
 * on a thread that lives only as long as there are any: it may have to wait for locks and drivers, which neither the
 * {@link HandleCollector} nor the agent should. What cannot be given back yet is tried again, for ever.
 */
public final class LostHandles {

    private static final System.Logger LOGGER = System.getLogger(LostHandles.class.getName());

    private static final long SHORTEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** A stack of them, linked through themselves, because an add must not need memory. */
    private final AtomicReference<@Nullable WatchedHandle> waiting = new AtomicReference<>();

    /** Whether there is a thread. */
    private final AtomicBoolean working = new AtomicBoolean();

    private final String manager;

    // Of the thread; seen by the next one through the flag.
    private long pauseNanos;
    private volatile long nextTurn = System.nanoTime();

    public LostHandles(String manager) {
        this.manager = manager;
    }

    /** Takes one more; {@link #startIfNeeded} follows. */
    void add(WatchedHandle lost) {
        WatchedHandle first;
        do {
            first = waiting.get();
            lost.next = first;
        } while (!waiting.compareAndSet(first, lost));
    }

    /** Has the work done if there is any and its time has come. */
    void startIfNeeded() {
        boolean isNeeded = waiting.get() != null && System.nanoTime() - nextTurn >= 0;
        if (!isNeeded || !working.compareAndSet(false, true)) {
            return;
        }
        boolean started = false;
        try {
            Thread thread = new Thread(null, this::work, "quire-cleaner-" + manager, 0, false);
            thread.setDaemon(true);
            thread.start();
            started = true;
        } finally {
            if (!started) {
                working.set(false);
            }
        }
    }

    private void work() {
        boolean isAllDone = true;
        WatchedHandle lost = waiting.getAndSet(null);
        while (lost != null) {
            WatchedHandle behind = lost.next;
            if (!giveBack(lost)) {
                add(lost);
                isAllDone = false;
            }
            lost = behind;
        }
        pauseNanos = isAllDone ? 0 : Math.clamp(2 * pauseNanos, SHORTEST_PAUSE_NANOS, LONGEST_PAUSE_NANOS);
        nextTurn = System.nanoTime() + pauseNanos;
        working.set(false);
    }

    /** Whether it is done; throws nothing. */
    private static boolean giveBack(WatchedHandle lost) {
        try {
            if (!lost.isGivenBack && !lost.giveBack()) {
                return true;
            }
            lost.isGivenBack = true;
            LOGGER.log(System.Logger.Level.WARNING, "nobody can reach it and nobody has closed it; what it held is "
                    + "given back: " + lost.describe());
            return true;
        } catch (Throwable failure) {
            reportOnce(lost, failure);
            return false;
        }
    }

    private static void reportOnce(WatchedHandle lost, Throwable failure) {
        try {
            if (!lost.isFailureReported) {
                LOGGER.log(System.Logger.Level.WARNING, "nobody can reach it and nobody has closed it; what it holds "
                        + "cannot be given back now, that is tried again: " + lost.describe(), failure);
                lost.isFailureReported = true;
            }
        } catch (Throwable _) { // no memory for the message either
            lost.isFailureReported = false;
        }
    }

    @Override
    public String toString() {
        return "LostHandles[" + manager + ", waiting=" + (waiting.get() != null) + ", working=" + working + "]";
    }
}
