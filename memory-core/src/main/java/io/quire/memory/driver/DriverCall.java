package io.quire.memory.driver;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.guard.Wait;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One call of a driver, or several of one kind in a row. The caller may stop waiting before it ends.
 * <pre>
 *   WAITING --run--> RUNNING --returned--> DONE
 *      |
 *      +--abandon--> ABANDONED                     never begins
 * </pre>
 * The thread that begins a call is the one that awaits it.
 */
public final class DriverCall<T> {

    private enum State { WAITING, RUNNING, DONE, ABANDONED }

    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private final DriverCalls calls;
    private final String operation;
    private final Callable<T> work;
    private final BooleanSupplier isOver; // created before the driver is called: a wait allocates nothing
    private volatile @Nullable Thread waiter;

    // Written before the state is DONE, read only after DONE was seen.
    private @Nullable T result;
    private @Nullable Throwable failure;

    DriverCall(DriverCalls calls, String operation, Callable<T> work) {
        this.calls = calls;
        this.operation = operation;
        this.work = work;
        this.isOver = () -> isDone() || calls.isUnanswerable(this);
    }

    String operation() {
        return operation;
    }

    // ---- on the thread that calls the driver

    /** Makes the call, unless it was abandoned. Keeps whatever the driver throws. */
    void run(Caller caller) {
        if (state.compareAndSet(State.WAITING, State.RUNNING)) {
            try {
                result = caller.make(operation, work);
            } catch (Throwable thrown) {
                failure = thrown;
            } finally {
                finish();
            }
        }
    }

    /** Ends the call with a failure instead of making it. */
    void fail(Throwable reason) {
        if (state.compareAndSet(State.WAITING, State.RUNNING)) {
            failure = reason;
            finish();
        }
    }

    private void finish() {
        state.set(State.DONE);
        LockSupport.unpark(waiter);
    }

    /** Makes a call: the thread of the driver, which notes when it begins, or the calling thread itself. */
    interface Caller {
        <T> T make(String operation, Callable<T> work) throws Exception;
    }

    // ---- on the thread that waits for it

    /**
     * Waits for the driver. Each call has a deadline of its own, which counts from when the call begins. A call in line
     * waits for the calls before it, none of which may take longer than its own deadline.
     *
     * @throws DriverFailedException if the driver throws, does not return in time, or did not return from an earlier
     *         call; or if the device was closed
     */
    public T await() {
        try {
            return awaitMade();
        } finally {
            if (!isDone()) {
                abandon();
            }
        }
    }

    /** As {@link #await}, but the call is made even if an Error ends the wait. */
    public T awaitMade() {
        waiter = Thread.currentThread();
        try {
            Wait.until(isOver);
        } finally {
            waiter = null;
        }
        if (!isDone()) {
            throw calls.unanswered(operation, state.get() == State.RUNNING);
        }
        if (failure != null) {
            throw calls.failed(operation, "it threw " + failure, failure);
        }
        return answer();
    }

    @SuppressWarnings("NullAway") // null if the work returned null
    private T answer() {
        return result;
    }

    private boolean isDone() {
        return state.get() == State.DONE;
    }

    /**
     * Gives up the call: if it has not begun, it never will.
     *
     * @return true if it had not begun
     */
    public boolean abandon() {
        return state.compareAndSet(State.WAITING, State.ABANDONED);
    }

    /** True if the driver was not called and never will be. */
    public boolean isAbandoned() {
        return state.get() == State.ABANDONED;
    }

    /** True if the driver may be at work on it now, or later. */
    public boolean mayStillRun() {
        State now = state.get();
        return now == State.RUNNING || now == State.WAITING;
    }
}
