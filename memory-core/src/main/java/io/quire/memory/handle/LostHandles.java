package io.quire.memory.handle;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The handles of one machine that became unreachable without being closed. A thread gives back what they hold and
 * reports it, and ends when it has tried all of them. It is a thread of its own because it may have to wait for locks
 * and drivers, which neither the {@link HandleCollector} nor the agent should do. What cannot be given back yet is
 * retried without limit.
 */
public final class LostHandles {

    private static final System.Logger LOGGER = System.getLogger(LostHandles.class.getName());

    private static final long SHORTEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** A stack, linked through the handles themselves, because {@link #add} must not allocate. */
    private final AtomicReference<@Nullable WatchedHandle> waiting = new AtomicReference<>();

    /** True while there is a thread. */
    private final AtomicBoolean working = new AtomicBoolean();

    private final String manager;

    // Set by the thread; the flag makes them visible to the next one.
    private long pauseNanos;
    private volatile long nextTurn = System.nanoTime();

    public LostHandles(String manager) {
        this.manager = manager;
    }

    /** Adds a handle; the caller then calls {@link #startIfNeeded}. */
    void add(WatchedHandle lost) {
        WatchedHandle first;
        do {
            first = waiting.get();
            lost.next = first;
        } while (!waiting.compareAndSet(first, lost));
    }

    /** Starts the thread if there is work and its time has come. */
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

    /** Returns true if there is nothing left to do for the handle. Throws nothing. */
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
