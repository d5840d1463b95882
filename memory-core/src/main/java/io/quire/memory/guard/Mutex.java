package io.quire.memory.guard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The lock of this library. Its holder may take it again. It is held for microseconds, so who waits spins first, as
 * {@link Wait} does. And it is never handed over: whoever runs and finds it free takes it, also past waiters that do not
 * get to run, as virtual threads may not for as long as others keep their carriers busy.
 * <p>
 * No full stack leaves it taken. It is taken by one exchange, after which nothing is called, and given up by one store,
 * which needs no stack. ({@code ReentrantLock} gives its methods reserved stack to end, and throws the error afterwards:
 * {@code lock()} then throws with the lock taken.) Should a thread not even get to {@link #unlock}, whoever waits takes
 * the lock from it when it has left the library.
 */
public final class Mutex {

    private static final int SPINS = 200;

    private static final VarHandle OWNER;

    static {
        try {
            OWNER = MethodHandles.lookup().findVarHandle(Mutex.class, "owner", Thread.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /** Null while it is free. */
    private volatile @Nullable Thread owner;

    /** How often the owner has taken it, less once. Of the owner alone. */
    private int again;

    /**
     * Waits for the lock, whether interrupted or not.
     *
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver: the holder may wait for it
     */
    public void lock() {
        CallbackThread.requireOutside();
        for (int spin = 0; spin < SPINS; spin++) {
            if (tryLock()) {
                return;
            }
            Thread.onSpinWait();
        }
        lockSlowly();
    }

    /** Takes the lock if it is free, or this thread's. */
    public boolean tryLock() {
        Thread me = Thread.currentThread();
        Thread seen = owner;
        if (seen == null) {
            // ORDER(mutex) acquire: what the holder before did is visible.
            return OWNER.compareAndSet(this, null, me);
        }
        if (Ownership.isCurrent(seen)) {
            again++;
            return true;
        }
        return false;
    }

    private void lockSlowly() {
        WriterStack stack = new WriterStack();
        try {
            Wait.until(() -> tryLock() || takeFromWhoLeft(stack));
        } catch (Throwable full) { // of the stack, on the way out of the wait
            if (isMine()) {
                unlock();
            }
            throw full;
        }
    }

    private boolean takeFromWhoLeft(WriterStack stack) {
        Thread seen = owner;
        if (seen == null || !stack.hasLeft(seen) || !OWNER.compareAndSet(this, seen, Thread.currentThread())) {
            return false;
        }
        again = 0;
        return true;
    }

    /** Whether this thread has the lock. */
    public boolean isMine() {
        Thread seen = owner;
        return seen != null && Ownership.isCurrent(seen);
    }

    /**
     * Gives the lock up, once for each time that it was taken.
     *
     * @throws IllegalMonitorStateException if this thread does not have it
     */
    @SuppressWarnings("ReferenceEquality") // a thread equals itself only; a call less near the end of the stack
    public void unlock() {
        if (Thread.currentThread() != owner) {
            throw new IllegalMonitorStateException("this thread does not have the lock: owner=" + owner);
        }
        if (again > 0) {
            again--;
        } else {
            // ORDER(mutex) release: what was done under the lock first.
            owner = null;
        }
    }

    @Override
    public String toString() {
        return "Mutex[owner=" + owner + "]";
    }
}
