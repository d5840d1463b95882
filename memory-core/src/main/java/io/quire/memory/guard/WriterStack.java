package io.quire.memory.guard;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a thread can be inside a write, by its stack. A writer holds its slot for nanoseconds; one that a
 * full stack has thrown out of the middle of {@code exit} leaves the slot taken, and whoever waits for it would wait for
 * ever. So a watcher that has waited for long looks at the stack of the writer's thread now and then: while no frame of
 * this library is on it, or the thread waits for a lock, which nobody does inside a slot, no write is in progress.
 * <p>
 * For one watcher that waits for one thread.
 */
final class WriterStack {
    private static final String LIBRARY = "io.quire.memory.";
    /** Between two looks, and before the first one: a thread that lost its processor is back by then, mostly. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private long lastLook = System.nanoTime();

    /**
     * Whether the thread is certainly outside. What it has stored is visible then: it ended before, or was stopped for
     * the look.
     */
    boolean isOutside(Thread writer) {
        return isTimeToLook() && (!writer.isAlive() || isWaiting(innermost(writer)));
    }

    /** Whether the thread has certainly ended what it was doing in this library, also what it only waits for. */
    boolean hasLeft(Thread thread) {
        return isTimeToLook() && (!thread.isAlive() || innermost(thread) == null);
    }

    private boolean isTimeToLook() {
        long now = System.nanoTime();
        boolean isTime = now - lastLook >= PATIENCE_NANOS;
        lastLook = isTime ? now : lastLook;
        return isTime;
    }

    /** A lock is given up inside a slot, but never taken. */
    private static boolean isWaiting(@Nullable StackTraceElement innermost) {
        return innermost == null || innermost.getClassName().equals(Wait.class.getName())
                || (innermost.getClassName().equals(Mutex.class.getName())
                        && innermost.getMethodName().startsWith("lock"));
    }

    /** The frame of this library in which a thread is; null if it is in none. */
    private static @Nullable StackTraceElement innermost(Thread thread) {
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (frame.getClassName().startsWith(LIBRARY)) {
                return frame;
            }
        }
        return null;
    }
}
