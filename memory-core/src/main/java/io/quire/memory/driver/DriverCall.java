package io.quire.memory.driver;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.guard.Wait;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One call of a driver, or several of one kind in a row, which may outlive the patience of its caller.
 * <pre>
 *   WAITING --run--> RUNNING --returned--> DONE
 *      |
 *      +--abandon--> ABANDONED                     never begins
 * </pre>
 * Begun by one thread and awaited by the same.
 */
public final class DriverCall<T> {

    private enum State { WAITING, RUNNING, DONE, ABANDONED }

    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private final DriverCalls calls;
    private final String operation;
    private final Callable<T> work;
    private final BooleanSupplier isOver; // made before the driver is called: to wait takes no memory
    private volatile @Nullable Thread waiter;

    // Written before the state is DONE, read after it was seen.
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

    /** Makes the call, unless nobody waits for it any more; keeps what the driver throws, whatever it is. */
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

    /** Does not make the call. */
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

    /** Who makes a call: the thread of the driver, which notes when it begins, or the caller itself. */
    interface Caller {
        <T> T make(String operation, Callable<T> work) throws Exception;
    }

    // ---- on the thread that wants it

    /**
     * Waits for the driver. The deadline is that of each call by itself and counts from when that begins; who waits in
     * line waits for those before it, of which none may take longer than its own deadline.
     *
     * @throws DriverFailedException if the driver throws, does not return in time, or has not from a call before; or if
     *         the device was closed
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

    /** The same for a call that is to be made also if an Error ends the wait. */
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

    @SuppressWarnings("NullAway") // a call without a result has none
    private T answer() {
        return result;
    }

    private boolean isDone() {
        return state.get() == State.DONE;
    }

    /** Nobody wants it any more: if it has not begun it does not. */
    public boolean abandon() {
        return state.compareAndSet(State.WAITING, State.ABANDONED);
    }

    /** Whether it is certain that the driver was not called and will not be. */
    public boolean isAbandoned() {
        return state.get() == State.ABANDONED;
    }

    /** Whether the driver may be at it now, or later. */
    public boolean mayStillRun() {
        State now = state.get();
        return now == State.RUNNING || now == State.WAITING;
    }
}
