package io.quire.memory.guard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The reentrant lock of this library. It is held for microseconds, so a waiting thread spins first, as {@link Wait}
 * does. It is not fair: any running thread that finds it free takes it. Handing it to a waiter would make all threads
 * wait for one that may not be able to run, such as a virtual thread while others keep the carriers busy.
 * <p>
 * A full stack does not leave it locked. One exchange takes it, after which nothing is called; two stores, which need
 * no stack, give it up. ({@code ReentrantLock} uses reserved stack to finish and throws the error afterwards, so its
 * {@code lock()} can throw with the lock taken.) If a thread does not even reach {@link #unlock}, a waiter takes the
 * lock from it when it has left the library: one waiter <em>claims</em> the lock, looks at the stack of the owner, and
 * takes the lock if no frame of the library is on it. An owner that comes back during the claim waits for the end of
 * the claim before it takes the lock once more.
 */
public final class Mutex {

    private static final int SPINS = 200;

    /** How long a thread waits that finds no memory for a proper wait. */
    private static final long WITHOUT_MEMORY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final VarHandle TURN;
    private static final VarHandle OWNER;
    private static final VarHandle CLAIMED;

    static {
        try {
            TURN = MethodHandles.lookup().findVarHandle(Mutex.class, "turn", long.class);
            OWNER = MethodHandles.lookup().findVarHandle(Mutex.class, "owner", Thread.class);
            CLAIMED = MethodHandles.lookup().findVarHandle(Mutex.class, "claimed", boolean.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /** Odd while the lock is taken. Changes each time the lock is taken or given up. */
    private volatile long turn;

    /**
     * The thread that has the lock: set after its turn has begun, cleared before the turn ends. So it never belongs to
     * an earlier turn: a thread that has loaded a turn then loads the owner of that turn, or null. A thread finds
     * itself here only while it has the lock.
     */
    private @Nullable Thread owner;

    /** How many times the owner has taken the lock beyond the first. Used only by the owner. */
    private int again;

    /** True if {@link HoldTimes} counts how long this lock is held. */
    private final boolean isTimed;

    /** When the owner has taken the lock. Used only if this is timed. */
    private long since;

    /** True while a waiter finds out if it may take the lock from its owner, and takes it. */
    private volatile boolean claimed;

    /** A lock that nobody holds. */
    public Mutex() {
        this(false);
    }

    private Mutex(boolean isTimed) {
        this.isTimed = isTimed;
    }

    /** A lock of a space, whose times are kept if {@link HoldTimes} is switched on. */
    public static Mutex ofSpace() {
        return new Mutex(HoldTimes.ARE_KEPT);
    }

    /**
     * Waits for the lock. An interrupt does not end the wait.
     *
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver: the owner of the lock may be
     *         waiting for that call
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

    /** Takes the lock if it is free or already belongs to this thread. */
    public boolean tryLock() {
        Thread me = Thread.currentThread();
        if (isOf(me)) {
            return tryLockAgain(me);
        }
        long seen = turn;
        // ORDER(mutex) acquire: what the last holder did is visible.
        if (isTaken(seen) || !TURN.compareAndSet(this, seen, seen + 1)) {
            return false;
        }
        owner = me; // no call comes before this store
        if (HoldTimes.ARE_KEPT && isTimed) {
            since = System.nanoTime();
        }
        return true;
    }

    private boolean tryLockAgain(Thread me) {
        // ORDER(mutex-claimed) acquire: a claim that did not see this thread in here has ended, and shows in the owner.
        if (claimed || !isOf(me)) {
            return false;
        }
        again++;
        return true;
    }

    private void lockSlowly() {
        try {
            lockInTurn();
        } catch (OutOfMemoryError full) {
            if (!lockWithoutMemory()) {
                throw full;
            }
        }
    }

    /** Waits for a while without looking at the owner's stack. A thread that gives something back must not fail here. */
    private boolean lockWithoutMemory() {
        long begin = System.nanoTime();
        while (!tryLock()) {
            if (System.nanoTime() - begin > WITHOUT_MEMORY_NANOS) {
                return false;
            }
            Wait.letOthersRun();
        }
        return true;
    }

    private void lockInTurn() {
        WriterStack stack = new WriterStack();
        BooleanSupplier turn = () -> tryLock() || takeFromThreadThatLeft(stack);
        try {
            Wait.until(turn);
        } catch (Throwable full) { // a full stack on the way out of the wait
            while (claimed) {
                // A claim takes one look. Nothing is called here, because the stack is full.
            }
            if (isMine()) {
                unlock();
            }
            throw full;
        }
    }

    private boolean takeFromThreadThatLeft(WriterStack stack) {
        Thread holder = (Thread) OWNER.getOpaque(this);
        if (holder == null || !stack.hasLeft(holder)) {
            return false;
        }
        boolean mine = false;
        try {
            // ORDER(mutex-claimed) fence: the claim comes before the look at the stack, which stops its thread.
            mine = CLAIMED.compareAndSet(this, false, true);
            return mine && takeClaimed(holder);
        } finally {
            if (mine) {
                claimed = false;
            }
        }
    }

    /** Takes the lock if it still belongs to a thread that is not in the library. During a claim that stays so. */
    @SuppressWarnings("ReferenceEquality") // as above
    private boolean takeClaimed(Thread holder) {
        Thread me = Thread.currentThread();
        long seen = turn;
        // ORDER(mutex-owner) acquire: the turn was loaded first, so this is the owner of that turn, or null.
        Thread now = (Thread) OWNER.getAcquire(this);
        if (!isTaken(seen) || now != holder || WriterStack.isInside(holder)
                || !TURN.compareAndSet(this, seen, seen + 2)) {
            return false;
        }
        owner = me;
        again = 0;
        return true;
    }

    private static boolean isTaken(long turn) {
        return (turn & 1) != 0;
    }

    /** True if this thread has the lock. */
    public boolean isMine() {
        return isOf(Thread.currentThread());
    }

    @SuppressWarnings("ReferenceEquality") // a thread equals only itself, and equals() would need stack
    private boolean isOf(Thread me) {
        return owner == me;
    }

    /**
     * Gives the lock up. Call it once for each time that the lock was taken.
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
            if (HoldTimes.ARE_KEPT && isTimed) {
                HoldTimes.note(System.nanoTime() - since);
            }
            // ORDER(mutex-owner) release: clear the owner first, then store the turn, which lets the next thread in.
            owner = null;
            // ORDER(mutex) release: what was done under the lock comes first.
            turn = turn + 1;
        }
    }

    @Override
    public String toString() {
        return "Mutex[owner=" + owner + "]";
    }
}
