package io.quire.memory.driver;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.DriverException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Calls one driver from a thread of its own, so that a driver that does not return holds up nobody for longer than the
 * deadline. After that the device counts as lost, and every further call fails at once.
 * <p>
 * Any thread; waits for the driver.
 */
public final class DriverCalls {

    /** Most drivers answer in less; and sleeping takes longer than that. */
    private static final long PATIENCE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    private final DriverThread thread;
    private final String device;
    private final Duration deadline;
    private volatile boolean lost;

    /**
     * Calls from a thread that starts with the first call.
     *
     * @param device its name, for messages
     * @param deadline how long a call may take
     */
    public DriverCalls(String device, Duration deadline) {
        this.device = device;
        this.deadline = deadline;
        this.thread = new DriverThread(device);
    }

    /**
     * Calls the driver with something whose end matters even if nobody waits for it any more.
     *
     * @param operation what it is to do, for messages
     * @throws DriverFailedException as {@link #call}
     */
    public void run(String operation, DriverWork work) {
        boolean returned = false;
        try {
            call(operation, work);
            returned = true;
        } finally {
            if (!returned) {
                work.giveUp();
            }
        }
    }

    /** Calls the driver with something that has no result. */
    public void run(String operation, Runnable work) {
        run(operation, new DriverWork(work));
    }

    /**
     * Calls the driver.
     *
     * @param operation what it is to do, for messages
     * @throws DriverFailedException if it throws, does not return in time, or has not before
     */
    public <T> T call(String operation, Callable<T> work) {
        return begin(operation, work).await();
    }

    /**
     * Begins to call the driver: after the calls that were begun before, and before those that are begun later.
     *
     * @param operation what it is to do, for messages
     * @return the call, to be waited for
     * @throws DriverFailedException if the driver has not returned in time before
     */
    public <T> Pending<T> begin(String operation, Callable<T> work) {
        if (lost) {
            throw failed(operation, "the device is lost: it failed or did not answer before; close it", null);
        }
        FutureTask<T> answer = new FutureTask<>(work);
        thread.submit(answer);
        return new Pending<>(this, operation, answer, System.nanoTime());
    }

    /** A call that has begun, or waits for its turn. For one thread. */
    public static final class Pending<T> {

        private final DriverCalls calls;
        private final String operation;
        private final FutureTask<T> answer;
        private final long begin;

        private Pending(DriverCalls calls, String operation, FutureTask<T> answer, long begin) {
            this.calls = calls;
            this.operation = operation;
            this.answer = answer;
            this.begin = begin;
        }

        /**
         * Waits for the driver, until the deadline that began with the call.
         *
         * @throws DriverFailedException if the driver throws, or does not return in time
         */
        public T await() {
            return calls.await(operation, answer, begin);
        }
    }

    private <T> T await(String operation, FutureTask<T> answer, long begin) {
        Spin.until(answer::isDone, PATIENCE_NANOS);
        boolean interrupted = false;
        long end = begin + deadline.toNanos();
        try {
            while (true) {
                try {
                    return answer.get(Math.max(end - System.nanoTime(), 0), TimeUnit.NANOSECONDS);
                } catch (InterruptedException later) {
                    interrupted = true; // a table is half changed: the driver is waited for all the same
                }
            }
        } catch (CancellationException closed) {
            throw failed(operation, "the device is closed", closed);
        } catch (ExecutionException thrown) {
            throw failed(operation, "it threw " + thrown.getCause(), thrown.getCause());
        } catch (TimeoutException tooLong) {
            lost = true;
            answer.cancel(true);
            throw failed(operation, "it did not return within " + deadline.toMillis()
                    + " ms; the device is lost: close it", tooLong);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private DriverFailedException failed(String operation, String fact, @Nullable Throwable cause) {
        int code = cause instanceof DriverException known ? known.code() : DriverFailedException.NO_CODE;
        return new DriverFailedException(device, operation, code, fact, cause);
    }

    /** Has the device count as lost: nothing is asked of its driver any more. */
    public void giveUp() {
        lost = true;
    }

    /** Whether the driver did not return from a call, or was given up. */
    public boolean isLost() {
        return lost;
    }

    /** Ends the thread; no call may follow. */
    public void close() {
        thread.close();
    }
}
