package io.quire.memory.structure;

import io.quire.memory.contract.WaitTimeoutException;
import io.quire.memory.guard.CallbackThread;
import io.quire.memory.guard.Wait;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Lets one thread at a time change a structure in one space; all objects over that structure share it. It lies on the heap and not
 * in the map: bytes that were overwritten or copied cannot make it look taken, and the lock of a fork is free.
 * <p>
 * A thread that has ended does not hold the lock any more. Not reentrant.
 */
final class WriterLock {

    /** How long a change waits for others before it is refused. */
    static final Duration LIMIT = Duration.ofMinutes(1);

    private static final VarHandle HOLDER;

    static {
        try {
            HOLDER = MethodHandles.lookup().findVarHandle(WriterLock.class, "holder", Thread.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /**
     * The thread that holds the lock; null if it is free. The holder gives it up by a plain assignment, because a call
     * might fail on a full stack.
     */
    volatile @Nullable Thread holder;

    /**
     * Waits for the lock and takes it.
     *
     * @param map the map, for messages
     * @throws WaitTimeoutException if another thread keeps the lock for longer than the limit
     * @throws IllegalStateException if this thread has the lock
     * @throws io.quire.memory.contract.DriverReentryException if this thread is inside a call of a driver
     */
    void lock(Object map, Duration limit) {
        CallbackThread.requireOutside();
        if (!tryLock()) {
            lockSlowly(map, limit);
        }
    }

    private boolean tryLock() {
        Thread other = holder;
        // ORDER(map-locked) acquire: all that the writer before did is visible.
        return (other == null || !other.isAlive()) && HOLDER.compareAndSet(this, other, Thread.currentThread());
    }

    @SuppressWarnings("ReferenceEquality") // a thread equals itself only
    private void lockSlowly(Object map, Duration limit) {
        CallbackThread.requireOutside(); // the writer may wait for this very driver
        if (holder == Thread.currentThread()) {
            throw new IllegalStateException("a thread that changes a map cannot begin another operation on it,"
                    + " as a driver that it calls might: " + map + ", thread=" + Thread.currentThread());
        }
        try {
            Wait.until(this::tryLock, limit, () -> "the writer of the " + map + ", which is " + holder);
        } catch (Throwable failure) {
            if (holder == Thread.currentThread()) { // taken by the last try, and an Error came after it
                holder = null;
            }
            throw failure;
        }
    }
}
