package io.quire.memory.driver;

import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One call of a driver, which may outlive the patience of its caller.
 * <pre>
 *   WAITING --run--> RUNNING --returned--> DONE
 *      |
 *      +--give up--> ABANDONED                     never begins
 * </pre>
 */
public final class DriverWork implements Callable<Object> {

    private enum State { WAITING, RUNNING, DONE, ABANDONED }

    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private final Runnable work;

    /** Work that has not begun. */
    public DriverWork(Runnable work) {
        this.work = work;
    }

    @Override
    public Object call() {
        if (state.compareAndSet(State.WAITING, State.RUNNING)) {
            try {
                work.run();
            } finally {
                state.set(State.DONE);
            }
        }
        return state;
    }

    /** Nobody waits any more: if it has not begun it does not. */
    void giveUp() {
        state.compareAndSet(State.WAITING, State.ABANDONED);
    }

    /** Whether the driver may be at it now, or later. */
    public boolean mayStillRun() {
        State now = state.get();
        return now == State.RUNNING || now == State.WAITING;
    }
}
