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

    /** Refuses a caller that runs on another thread. */
    public static WrongThreadException violation(String what, Thread owner) {
        return new WrongThreadException(what
                + " belongs to the thread that opened it; open another one in each thread: owner=" + owner.getName()
                + ", caller=" + Thread.currentThread().getName());
    }
}
