package io.quire.memory.guard;

import io.quire.memory.contract.WaitTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The one way to wait for another thread: spins for as long as most answers take, then yields the processor, then
 * sleeps, longer each time. A virtual thread that yields or sleeps gives its carrier to others. To leave it, all its
 * frames are copied to the heap, which takes stack for each of them: one whose stack is nearly full spins instead.
 * <p>
 * Interrupts do not end a wait. A thread that is interrupted would not sleep at all, so the flag is cleared while it
 * waits and set again afterwards.
 */
public final class Wait {
    /** Most answers come within this time if the other thread has a processor of its own. */
    private static final long SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(2);
    /** To be woken takes about as long as this. */
    private static final long YIELD_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long SHORTEST_NAP_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long LONGEST_NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private Wait() {
    }

    /** Waits until something is so, however long that takes. */
    public static void until(BooleanSupplier done) {
        tryUntil(done, Long.MAX_VALUE);
    }

    /**
     * Waits until something is so.
     *
     * @param limit how long at most
     * @param awaited what is waited for, for the message; asked only when the limit has passed
     * @throws WaitTimeoutException if it is not so when the limit has passed
     */
    public static void until(BooleanSupplier done, Duration limit, Supplier<String> awaited) {
        if (!tryUntil(done, TimeUnit.NANOSECONDS.convert(limit))) {
            throw new WaitTimeoutException(awaited.get(), limit);
        }
    }

    /**
     * Waits until something is so, or some time has passed.
     *
     * @param nanos how long at most
     * @return whether it is so
     */
    public static boolean tryUntil(BooleanSupplier done, long nanos) {
        return awake(done, Math.min(nanos, YIELD_NANOS)) || asleep(done, nanos);
    }

    /**
     * The same without sleep, for somebody who expects the answer soon. After two microseconds it yields in each turn:
     * a scheduler likes to put two threads that wake each other on one processor, and there each would keep the other
     * one waiting.
     *
     * @param nanos how long at most
     * @return whether it is so
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

    /** Gives the processor to another thread that may run, if there is one; for those who have a loop of their own. */
    @SuppressWarnings("ThreadPriorityCheck") // nothing relies on it
    public static void letOthersRun() {
        try {
            Thread.yield();
        } catch (StackOverflowError cannotLeaveItsCarrier) {
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
