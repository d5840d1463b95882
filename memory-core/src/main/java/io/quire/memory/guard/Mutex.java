package io.quire.memory.guard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The lock of this library. Its holder may take it again. It is held for microseconds, so who waits spins first, as
 * {@link Wait} does. And it is never handed over: whoever runs and finds it free takes it, also past waiters that do not
 * get to run, as virtual threads may not for as long as others keep their carriers busy.
 * <p>
 * No full stack leaves it taken. It is taken by one exchange, after which nothing is called, and given up by two stores,
 * which need no stack. ({@code ReentrantLock} gives its methods reserved stack to end, and throws the error afterwards:
 * {@code lock()} then throws with the lock taken.) Should a thread not even get to {@link #unlock}, whoever waits takes
 * the lock from it when it has left the library: it looks at the turn, then at the stack of the thread whose turn it is,
 * and takes the lock only if it is the same turn still. The thread alone would not do: it may have been outside, and be
 * inside again.
 */
public final class Mutex {

    private static final int SPINS = 200;

    private static final VarHandle TURN;
    private static final VarHandle OWNER;

    static {
        try {
            TURN = MethodHandles.lookup().findVarHandle(Mutex.class, "turn", long.class);
            OWNER = MethodHandles.lookup().findVarHandle(Mutex.class, "owner", Thread.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /** Odd while it is taken. Each time it is taken or given up, another one. */
    private volatile long turn;

    /**
     * Whose turn it is: set after the turn has begun, cleared before it ends. So it is never that of an earlier turn:
     * whoever sees a turn sees the thread that has it, or null. A thread finds itself here only while it has the lock.
     */
    private @Nullable Thread owner;

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
        if (isOf(me)) {
            again++;
            return true;
        }
        long seen = turn;
        // ORDER(mutex) acquire: what the holder before did is visible.
        if (isTaken(seen) || !TURN.compareAndSet(this, seen, seen + 1)) {
            return false;
        }
        owner = me; // no call comes before this store
        return true;
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
        Thread me = Thread.currentThread();
        long seen = turn;
        // ORDER(mutex-owner) acquire: the turn was loaded before, so this is the thread of that turn, or null.
        Thread holder = (Thread) OWNER.getAcquire(this);
        if (!isTaken(seen) || holder == null || !stack.hasLeft(holder) || !TURN.compareAndSet(this, seen, seen + 2)) {
            return false;
        }
        owner = me;
        again = 0;
        return true;
    }

    private static boolean isTaken(long turn) {
        return (turn & 1) != 0;
    }

    /** Whether this thread has the lock. */
    public boolean isMine() {
        return isOf(Thread.currentThread());
    }

    @SuppressWarnings("ReferenceEquality") // a thread equals itself only; a call less near the end of the stack
    private boolean isOf(Thread me) {
        return owner == me;
    }

    /**
     * Gives the lock up, once for each time that it was taken.
     *
     * @throws IllegalMonitorStateException if this thread does not have it
     */
    @SuppressWarnings({"ReferenceEquality", "NonAtomicVolatileUpdate"}) // nobody else changes it meanwhile
    public void unlock() {
        if (Thread.currentThread() != owner) {
            throw new IllegalMonitorStateException("this thread does not have the lock: owner=" + owner);
        }
        if (again > 0) {
            again--;
        } else {
            // ORDER(mutex-owner) release: no owner first, then, with the turn, what lets the next one in.
            owner = null;
            // ORDER(mutex) release: what was done under the lock first.
            turn = turn + 1;
        }
    }

    @Override
    public String toString() {
        return "Mutex[owner=" + owner + "]";
    }
}
