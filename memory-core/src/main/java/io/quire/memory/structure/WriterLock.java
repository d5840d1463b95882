package io.quire.memory.structure;

import io.quire.memory.contract.WaitTimeoutException;
import io.quire.memory.guard.CallbackThread;
import io.quire.memory.guard.Wait;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Lets one thread at a time change a map in one space; all objects over that map share it. It lies on the heap and not
 * in the map: bytes that were overwritten or copied cannot say that somebody holds it, and that of a fork is free.
 * <p>
 * A thread that ended without giving it up does not hold it any more. Not reentrant.
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
     * Null if it is free. The holder gives it up by a plain assignment, which needs no stack: a method might not be
     * called any more.
     */
    volatile @Nullable Thread holder;

    /**
     * Waits for the lock and takes it.
     *
     * @param map what it is of, for messages
     * @throws WaitTimeoutException if another thread keeps it for longer than the limit
     * @throws IllegalStateException if this thread has it
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver
     */
    void lock(Region map, Duration limit) {
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
    private void lockSlowly(Region map, Duration limit) {
        CallbackThread.requireOutside(); // the writer may wait for this very driver
        if (holder == Thread.currentThread()) {
            throw new IllegalStateException("a thread that changes a map cannot begin another operation on it,"
                    + " as a driver that it calls might: " + map + ", thread=" + Thread.currentThread());
        }
        try {
            Wait.until(this::tryLock, limit, () -> "the writer of the " + map + ", which is " + holder);
        } catch (Throwable failure) {
            if (holder == Thread.currentThread()) { // an Error in what comes behind the last try
                holder = null;
            }
            throw failure;
        }
    }
}
