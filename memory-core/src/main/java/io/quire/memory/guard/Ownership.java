package io.quire.memory.guard;

/** Rules for objects that belong to one thread, platform or virtual. */
public final class Ownership {

    private Ownership() {
    }

    /** True if the current thread is the owner. */
    @SuppressWarnings("ReferenceEquality") // a thread equals only itself, and this is on every hot path
    public static boolean isCurrent(Thread owner) {
        return Thread.currentThread() == owner;
    }

    /**
     * True if the current thread may close what belongs to the owner: it is the owner, or the owner has ended. A thread
     * that finds the owner ended here sees all that the owner did, as after a join (JLS 17.4.4). Several threads may
     * find that at the same time, so they close under a lock.
     */
    public static boolean mayClose(Thread owner) {
        return isCurrent(owner) || hasEnded(owner);
    }

    /** True if the owner has ended, so that any thread may close what belongs to it; see {@link #mayClose}. */
    public static boolean hasEnded(Thread owner) {
        return !owner.isAlive(); // it has begun: it opened what it owns
    }

    /** Returns the exception for a call on another thread than the owner. */
    public static WrongThreadException violation(String what, Thread owner) {
        return new WrongThreadException(what
                + " belongs to the thread that opened it; open another one in each thread: owner=" + owner.getName()
                + (hasEnded(owner) ? " (ended: any thread may close it)" : "") + ", caller="
                + Thread.currentThread().getName());
    }
}
