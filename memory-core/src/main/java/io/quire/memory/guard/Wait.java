package io.quire.memory.guard;

import io.quire.memory.contract.WaitTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The one way to wait for another thread: spins for as long as most waits take, then yields the processor, then sleeps,
 * longer each time. A virtual thread that yields or sleeps gives its carrier to others. For that the JVM copies its
 * stack frames to the heap, which itself needs stack: a thread whose stack is nearly full spins instead, and so does one
 * that finds the heap full.
 * <p>
 * Interrupts do not end a wait. An interrupted thread would not sleep at all, so the flag is cleared while it waits and
 * set again afterwards.
 */
public final class Wait {
    /** Most waits end within this time if the other thread has a processor of its own. */
    private static final long SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(2);
    /** Waking a thread takes about this long. */
    private static final long YIELD_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long SHORTEST_NAP_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long LONGEST_NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private Wait() {
    }

    /** Waits until {@code done} returns true, however long that takes. */
    public static void until(BooleanSupplier done) {
        tryUntil(done, Long.MAX_VALUE);
    }

    /**
     * Waits until {@code done} returns true.
     *
     * @param limit how long to wait at most
     * @param awaited what this thread waits for, for the message; called only when the limit has passed
     * @throws WaitTimeoutException if {@code done} still returns false when the limit has passed
     */
    public static void until(BooleanSupplier done, Duration limit, Supplier<String> awaited) {
        if (!tryUntil(done, TimeUnit.NANOSECONDS.convert(limit))) {
            throw new WaitTimeoutException(awaited.get(), limit);
        }
    }

    /**
     * Waits until {@code done} returns true, or some time has passed.
     *
     * @param nanos how long to wait at most
     * @return what {@code done} returned last
     */
    public static boolean tryUntil(BooleanSupplier done, long nanos) {
        return awake(done, Math.min(nanos, YIELD_NANOS)) || asleep(done, nanos);
    }

    /**
     * As {@link #tryUntil}, but never sleeps: for a wait that should end soon. After two microseconds it yields in each
     * turn, because schedulers like to put two threads that wake each other on one processor, where each would keep the
     * other from running.
     *
     * @param nanos how long to wait at most
     * @return what {@code done} returned last
     */
    public static boolean awake(BooleanSupplier done, long nanos) {
        long begin = System.nanoTime();
        while (!done.getAsBoolean()) {
            long waited = System.nanoTime() - begin;
            if (waited >= nanos) {
                return false;
            }
            if (waited < SPIN_NANOS) {
                Thread.onSpinWait();
            } else {
                letOthersRun();
            }
        }
        return true;
    }

    /** Gives the processor to another runnable thread, if there is one. For callers with a loop of their own. */
    @SuppressWarnings("ThreadPriorityCheck") // nothing relies on it
    public static void letOthersRun() {
        try {
            Thread.yield();
        } catch (StackOverflowError | OutOfMemoryError cannotLeaveItsCarrier) {
            Thread.onSpinWait();
        }
    }

    private static void nap(long nanos) {
        try {
            LockSupport.parkNanos(nanos);
        } catch (StackOverflowError cannotLeaveItsCarrier) {
            Thread.onSpinWait();
        }
    }

    private static boolean asleep(BooleanSupplier done, long nanos) {
        long begin = System.nanoTime();
        long pause = SHORTEST_NAP_NANOS;
        boolean interrupted = false;
        try {
            while (!done.getAsBoolean()) {
                long left = nanos - (System.nanoTime() - begin);
                if (left <= 0) {
                    return false;
                }
                interrupted |= Thread.interrupted();
                nap(Math.min(pause, left));
                pause = Math.min(2 * pause, LONGEST_NAP_NANOS);
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
