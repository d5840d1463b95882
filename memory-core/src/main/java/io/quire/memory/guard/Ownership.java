package io.quire.memory.guard;

/** What belongs to one thread, platform or virtual, and what the others get. */
public final class Ownership {

    private Ownership() {
    }

    /** Whether the caller runs on the owner. */
    @SuppressWarnings("ReferenceEquality") // the thread itself is meant, and this is on every hot path
    public static boolean isCurrent(Thread owner) {
        return Thread.currentThread() == owner;
    }

    /**
     * Whether the caller may close what belongs to the owner: it is the owner, or the owner has ended. All that a
     * thread did is visible to whoever finds it ended here, as after a join (JLS 17.4.4); but several threads may find
     * that at a time, so what they then do is done under a lock.
     */
    public static boolean mayClose(Thread owner) {
        return isCurrent(owner) || hasEnded(owner);
    }

    /** Whether the owner has ended, so that what belongs to it may be closed by anybody; see {@link #mayClose}. */
    public static boolean hasEnded(Thread owner) {
        return !owner.isAlive(); // it has begun: it opened what it owns
    }

    /** Refuses a caller that runs on another thread. */
    public static WrongThreadException violation(String what, Thread owner) {
        return new WrongThreadException(what
                + " belongs to the thread that opened it; open another one in each thread: owner=" + owner.getName()
                + (hasEnded(owner) ? " (ended: any thread may close it)" : "") + ", caller="
                + Thread.currentThread().getName());
    }
}
