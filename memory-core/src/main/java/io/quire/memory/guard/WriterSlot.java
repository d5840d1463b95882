package io.quire.memory.guard;

import io.quire.memory.platform.MemoryBarrier;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The slot of one thread's writer: set while a write is in progress. Owned by one thread, watched by all.
 * <p>
 * A flag and no count, because a count would chain each write to the one before through memory. A watcher therefore
 * waits until it has seen the slot clear once, between any two writes; what it waits for was invalidated before, so a
 * thread that writes on meets the invalidation with its next write and leaves the slot to learn about it.
 * <p>
 * Entering is wait-free. It costs a store and, where {@link MemoryBarrier#ASYMMETRIC}, no fence that the processor
 * sees: the watcher pays for both sides.
 */
public final class WriterSlot {

    private static final VarHandle WRITING;

    static {
        try {
            WRITING = MethodHandles.lookup().findVarHandle(WriterSlot.class, "writing", boolean.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    @SuppressWarnings("UnusedVariable") // read through WRITING
    private boolean writing;

    /** Marks a write as in progress: {@link Writers#await} waits until {@link #exit}. */
    public void enter() {
        // ORDER(write-in-progress) fence: the slot is seen, or the writer sees the invalidation. A watcher's membarrier
        // stands in for the processor's fence; the two light fences only hold the compiler to the order.
        WRITING.setOpaque(this, true);
        if (MemoryBarrier.ASYMMETRIC) {
            VarHandle.acquireFence();
            VarHandle.releaseFence();
        } else {
            VarHandle.fullFence();
        }
    }

    /** Marks the write as done, or given up. */
    public void exit() {
        // ORDER(write-done) release: the bytes first, then the slot that lets fork, unmap and reuse go on.
        WRITING.setRelease(this, false);
    }

    boolean isWriting() {
        // ORDER(write-done) acquire: what the writer stored is visible to whoever sees it gone.
        return (boolean) WRITING.getAcquire(this);
    }
}
