package io.quire.memory.guard;

import io.quire.memory.platform.MemoryBarrier;
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
 * <p>
 * The slot also tells by which version of the space its thread may write: it is <em>armed</em> with that version. So a
 * thread that waits can see that this one knows of the change already, and need not pay.
 * <pre>
 *             arm(version)                       arm(newer version)
 *   DISARMED ---------------> ARMED BY VERSION ----------------------> ARMED BY VERSION
 *      ^                             |
 *      +-----------------------------+
 *                 disarm
 * </pre>
 * The thread writes only while it is armed by the current version of the space, or finds the root of the space still the
 * same, and looks at that after it has armed.
 * While it puts a page in it is armed by no certain version ({@link #enterToChange}).
 */
@SuppressWarnings("UnusedVariable") // see Apart
public final class WriterSlot extends WriterSlotWords {

    private long after01;
    private long after02;
    private long after03;
    private long after04;
    private long after05;
    private long after06;
    private long after07;
    private long after08;
    private long after09;
    private long after10;
    private long after11;
    private long after12;
    private long after13;
    private long after14;
    private long after15;
    private long after16;

    /** A slot that is clear and not armed. */
    public WriterSlot() {
    }

    /** Marks a write as in progress: {@link Writers#await} waits until {@link #exit}. */
    public void enter() {
        // ORDER(write-in-progress) fence: the slot is seen, or the writer sees the invalidation. The membarrier of the
        // thread that waits replaces the full fence here; the two light fences keep the compiler from reordering.
        WRITING.setOpaque(this, YES);
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
        WRITING.setRelease(this, NO);
    }

    /**
     * Enters the slot to put a page in. The thread need not know the version: whoever waits for writers waits for
     * {@link #exit}.
     */
    public void enterToChange() {
        // ORDER(writer-armed) fence: a thread that waits sees this slot, or this one sees what it has changed.
        ARMED.setRelease(this, CHANGING);
        WRITING.setOpaque(this, YES);
        VarHandle.fullFence();
    }

    /**
     * Leaves the slot after {@link #enterToChange}, and allows the thread to write by a version that it has looked at,
     * or made, in the slot.
     */
    public void exitChange(long version) {
        exit();
        // ORDER(write-done) release: the bytes first. No fence: what came before the version was seen in the slot, and
        // until this is seen nobody takes the thread for informed or idle.
        ARMED.setRelease(this, version + 1);
    }

    /**
     * Allows the thread to write by a version. The thread does this outside of the slot, and looks at the version of
     * the space once more before it relies on it.
     */
    public void arm(long version) {
        if (armed != version + 1) {
            // ORDER(writer-armed) fence: a thread that waits sees the version, or this one sees what it has changed.
            ARMED.setRelease(this, version + 1);
            VarHandle.fullFence();
        }
    }

    /** Promises that the thread writes nothing before it arms again. Outside of the slot. */
    public void disarm() {
        // ORDER(write-done) release: the bytes first.
        ARMED.setRelease(this, 0L);
    }

    /** True if the thread may write by some version. Only that thread may ask. */
    public boolean isArmed() {
        return armed != 0;
    }

    boolean isWriting() {
        // ORDER(write-done) acquire: what the writer stored is visible to a thread that sees it gone.
        return (long) WRITING.getAcquire(this) == YES;
    }

    /**
     * True if the thread is inside no write that began before a version, and begins none without seeing the version.
     *
     * @param version a version of the space, which was made before the call, with a full fence in between
     * @param awaited the latest version that all writers were waited for
     */
    boolean hasSeen(long version, long awaited) {
        // ORDER(writer-armed) acquire, ORDER(write-done) acquire: what the thread wrote by earlier versions is visible.
        long now = (long) ARMED.getAcquire(this);
        long seen = now - 1;
        // Armed by a version before "awaited", it has written nothing since that wait, and cannot without arming again:
        // by another version, or, if it looks at the root instead, because each wait comes with another root.
        return now != CHANGING && (seen < awaited || seen >= version);
    }
}
