package io.quire.memory.testkit;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Has the garbage collector run until something that depends on it is so. */
public final class Collected {

    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private Collected() {
    }

    /** Collects again and again; false if it is not so within half a minute. */
    public static boolean until(BooleanSupplier done) {
        long end = System.nanoTime() + LIMIT_NANOS;
        while (!done.getAsBoolean()) {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            System.gc();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return true;
    }

    /** Collects some times, for what should not be so afterwards either. */
    public static void sometimes() {
        for (int i = 0; i < 5; i++) {
            System.gc();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
