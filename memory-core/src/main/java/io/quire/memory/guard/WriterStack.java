package io.quire.memory.guard;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the stack of a thread to find out if it can be inside a write. A writer holds its slot for nanoseconds. But
 * a full stack can end {@code exit} in the middle and leave the slot taken, and a thread that waits for the slot would
 * wait forever. So a thread that has waited for long looks at the writer's stack now and then. If no frame of this
 * library is on it, or if the writer waits for a lock, no write is in progress: no thread waits for a lock inside a
 * slot.
 * <p>
 * One object serves one thread that waits for one other.
 */
final class WriterStack {
    private static final String LIBRARY = "io.quire.memory.";
    /** Time before the first look and between two looks. By then a thread that lost its processor mostly runs again. */
    private static final long LOOK_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private long lastLook = System.nanoTime();

    /**
     * True if the thread is certainly not inside a write. Then all that it stored is visible: it has ended, or was
     * stopped for the look.
     */
    boolean isOutside(Thread writer) {
        return isTimeToLook() && (!writer.isAlive() || isWaiting(innermost(writer)));
    }

    /** True if the thread is certainly not inside this library, not even waiting. */
    boolean hasLeft(Thread thread) {
        return isTimeToLook() && !isInside(thread);
    }

    /** True if the thread may be inside this library, even if it only waits. Looks at once, and stops it for that. */
    static boolean isInside(Thread thread) {
        return thread.isAlive() && innermost(thread) != null;
    }

    private boolean isTimeToLook() {
        long now = System.nanoTime();
        boolean isTime = now - lastLook >= LOOK_INTERVAL_NANOS;
        lastLook = isTime ? now : lastLook;
        return isTime;
    }

    /**
     * Only methods of {@code Mutex} that take a lock count: a thread may give a lock up inside a slot, but never take
     * one.
     */
    private static boolean isWaiting(@Nullable StackTraceElement innermost) {
        return innermost == null || innermost.getClassName().equals(Wait.class.getName())
                || (innermost.getClassName().equals(Mutex.class.getName())
                        && innermost.getMethodName().startsWith("lock"));
    }

    /** The innermost frame of this library on the stack of a thread; null if there is none. */
    private static @Nullable StackTraceElement innermost(Thread thread) {
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (frame.getClassName().startsWith(LIBRARY)) {
                return frame;
            }
        }
        return null;
    }
}
