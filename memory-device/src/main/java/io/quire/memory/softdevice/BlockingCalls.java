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
 * Makes those calls to C for virtual threads that wait for the device's thread. A virtual thread that made such a call
 * itself would block its carrier. Then the virtual thread that holds the lock of the space might get no carrier, while
 * the device's thread waits for that lock to have a fault answered: a deadlock.
 * <p>
 * Operations run one after the other, as they do on the device anyway. The thread for them lives while there are
 * operations, and a moment longer, so there is nothing to close.
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
     * Makes a call after all earlier ones.
     *
     * @param call takes how many milliseconds are left, at least 1; it is not made if the limit passes before its turn
     * @return what the call returns, or {@link Status#TIMED_OUT}
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

    /** Makes a call at once, beside all others. The call has to end in time by itself. */
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
            task.cancel(false); // a call that has not begun will never begin
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
