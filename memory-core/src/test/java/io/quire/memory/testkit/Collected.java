package io.quire.memory.testkit;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Runs the garbage collector until it has had an effect. */
public final class Collected {

    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private Collected() {
    }

    /** Collects until a condition holds; returns false if it does not hold within half a minute. */
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

    /** Collects a few times, to check afterwards that something was not collected. */
    public static void sometimes() {
        for (int i = 0; i < 5; i++) {
            System.gc();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
