package io.quire.memory.guard;

import io.quire.memory.platform.MemoryBarrier;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The slot of one thread's writer: odd while a write is in progress, and never the same odd number twice. Owned by
 * one thread, watched by all.
 * <p>
 * Entering is wait-free. It costs a store and, where {@link MemoryBarrier#ASYMMETRIC}, no fence that the processor
 * sees: the watcher pays for both sides.
 */
public final class WriterSlot {

    private static final VarHandle TURN;

    static {
        try {
            TURN = MethodHandles.lookup().findVarHandle(WriterSlot.class, "turn", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private long turn;

    /** Says that a write begins. Whatever the owner loads after this, a watcher waits for its store. */
    public void enter() {
        // ORDER(write-in-progress) fence: the slot is seen, or the writer sees the withdrawal. A watcher's membarrier
        // stands in for the processor's fence; the two light fences only hold the compiler to the order.
        // Odd even if a stack overflow kept the last write from saying that it was done.
        TURN.setOpaque(this, turn + 1 | 1);
        if (MemoryBarrier.ASYMMETRIC) {
            VarHandle.acquireFence();
            VarHandle.releaseFence();
        } else {
            VarHandle.fullFence();
        }
    }

    /** Says that the write is done, or was given up. */
    public void exit() {
        // ORDER(write-done) release: the bytes first, then the slot that lets fork, unmap and reuse go on.
        TURN.setRelease(this, turn + 1);
    }

    /** The turn in progress, or an even number. */
    long turn() {
        // ORDER(write-done) acquire: what the writer stored is visible to whoever sees it gone.
        return (long) TURN.getAcquire(this);
    }
}
