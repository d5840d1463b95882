package io.quire.memory.softdevice;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntSupplier;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Makes the calls of C that wait for the device's thread, for virtual threads: one that made such a call by itself
 * would keep its carrier from the virtual thread that holds the lock of the space, for which the device's thread waits
 * to have a fault answered.
 * <p>
 * Operations are made one after the other, as the device performs them anyway. The thread for that is there while there
 * are any, and a moment longer, so there is nothing to close.
 */
final class BlockingCalls {

    private static final long IDLE_MILLIS = 500;

    private final String name;
    private final ThreadPoolExecutor line;

    BlockingCalls(String device) {
        name = "device-" + device + "-caller";
        line = new ThreadPoolExecutor(1, 1, IDLE_MILLIS, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name(name).inheritInheritableThreadLocals(false).factory());
        line.allowCoreThreadTimeOut(true);
    }

    /**
     * Makes a call after those before it.
     *
     * @param call takes how many milliseconds are left of its limit, at least 1; may not begin if none are
     * @return what it returns, or {@link Status#TIMED_OUT}
     */
    int inLine(IntUnaryOperator call, int limitMillis) {
        long limit = TimeUnit.MILLISECONDS.toNanos(limitMillis);
        long begin = System.nanoTime();
        FutureTask<Integer> task = new FutureTask<>(() -> {
            long left = TimeUnit.NANOSECONDS.toMillis(limit - (System.nanoTime() - begin));
            return call.applyAsInt((int) Math.max(1, left));
        });
        line.execute(task);
        return await(task, limit);
    }

    /** Makes a call beside all others, which ends by itself in time. */
    int beside(IntSupplier call) {
        FutureTask<Integer> task = new FutureTask<>(call::getAsInt);
        Thread.ofPlatform().daemon().name(name).inheritInheritableThreadLocals(false).start(task);
        return await(task, Long.MAX_VALUE);
    }

    private static int await(FutureTask<Integer> task, long limitNanos) {
        boolean interrupted = false;
        long begin = System.nanoTime();
        try {
            while (true) {
                try {
                    return task.get(limitNanos - (System.nanoTime() - begin), TimeUnit.NANOSECONDS);
                } catch (InterruptedException interrupt) {
                    interrupted = true;
                } catch (TimeoutException late) {
                    return Status.TIMED_OUT;
                } catch (ExecutionException failed) {
                    throw asThrown(failed.getCause());
                }
            }
        } finally {
            task.cancel(false); // if it has not begun, it does not
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException asThrown(@Nullable Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException runtime ? runtime : new IllegalStateException(failure);
    }
}
