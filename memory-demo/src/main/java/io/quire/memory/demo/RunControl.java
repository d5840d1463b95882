package io.quire.memory.demo;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Ends a run: when its time is up, when it is stopped, or when a thread fails. For any thread. */
final class RunControl {

    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final long startNanos = System.nanoTime();
    private volatile long lengthNanos = Long.MAX_VALUE;
    private volatile boolean stopped;

    /** Ends the run this long after its start. */
    void endAfter(long nanos) {
        lengthNanos = nanos;
    }

    /** Ends the run now, in good order. */
    void stop() {
        stopped = true;
    }

    /** Ends the run because something failed. Only the first failure is kept. */
    void fail(Throwable cause) {
        failure.compareAndSet(null, cause);
        stopped = true;
    }

    /** Returns true while the run goes on. */
    boolean isRunning() {
        return !stopped && elapsedNanos() < lengthNanos;
    }

    boolean hasFailed() {
        return failure.get() != null;
    }

    @Nullable Throwable failure() {
        return failure.get();
    }

    long elapsedNanos() {
        return System.nanoTime() - startNanos;
    }
}
