package io.quire.memory.guard;

import io.quire.memory.platform.MemoryBarrier;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The writer slot of one accessor: set while a write is in progress. One thread sets it, any thread may look at it.
 * <p>
 * It is a flag and not a count, because a count would make each write depend on the one before through memory. So a
 * thread that waits has to see the slot clear once, between any two writes. That always happens: the invalidation came
 * first, so a writer that goes on meets it at its next write and leaves the slot.
 * <p>
 * Entering is wait-free. It costs a store and, where {@link MemoryBarrier#ASYMMETRIC} is true, two light fences (none
 * on x86): the thread that waits pays for the full fence of both sides.
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
        // ORDER(write-in-progress) fence: the slot is seen, or the writer sees the invalidation. The membarrier of the
        // thread that waits replaces the full fence here; the two light fences keep the compiler from reordering.
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
        // ORDER(write-done) acquire: what the writer stored is visible to a thread that sees it gone.
        return (boolean) WRITING.getAcquire(this);
    }
}
