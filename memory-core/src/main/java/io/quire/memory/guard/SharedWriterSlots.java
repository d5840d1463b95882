package io.quire.memory.guard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writer slots for threads that own none: a thread claims a slot for the space that it writes to, and frees it a few
 * nanoseconds later. One object serves all spaces of a manager.
 * <p>
 * Lock-free while fewer threads are stopped inside a write than there are slots.
 * <p>
 * A full stack can end {@link #exit} in the middle and leave the slot taken. So each slot names its thread, and a
 * thread that waits for the slot frees it when that thread is no longer inside a write.
 */
public final class SharedWriterSlots {

    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle OWNERS = MethodHandles.arrayElementVarHandle(Thread[].class);

    /** 128 bytes from slot to slot: no two threads share a line, or the pair of lines that a processor prefetches. */
    private static final int STRIDE = 16;
    /** The same for references, which take only 4 bytes in some JVMs. */
    private static final int OWNER_STRIDE = 32;
    private static final int NONE = -1;

    private final long[] words;
    /**
     * The thread in each slot: set after the slot is claimed, cleared before it is freed. So it never belongs to an
     * earlier claim: a thread that has loaded the word then loads the thread of that claim, or null.
     */
    private final @Nullable Thread[] owners;
    private final int mask;

    public SharedWriterSlots() {
        int slots = Integer.highestOneBit(8 * Runtime.getRuntime().availableProcessors());
        words = new long[(slots + 1) * STRIDE]; // the first stride stays empty
        owners = new Thread[(slots + 1) * OWNER_STRIDE];
        mask = slots - 1;
    }

    /**
     * Marks a write to a space as in progress. Fences fully.
     *
     * @param spaceId positive
     * @return the slot, to pass to {@link #exit(int)}
     * @throws io.quire.memory.contract.WaitTimeoutException if no slot becomes free within {@link Writers#LIMIT}
     */
    public int enter(int spaceId) {
        int slot = tryEnter(spaceId);
        return slot != NONE ? slot : enterCrowded(spaceId);
    }

    private int tryEnter(int spaceId) {
        Thread thread = Thread.currentThread();
        // Fibonacci hashing spreads the ids of threads, which are small and consecutive.
        int probe = (int) ((thread.threadId() * 0x9E3779B97F4A7C15L) >>> 32);
        for (int attempt = 0; attempt <= mask; attempt++) {
            int slot = (probe + attempt) & mask;
            if (tryEnter(slot, spaceId, thread)) {
                return slot;
            }
        }
        return NONE;
    }

    private boolean tryEnter(int slot, int spaceId, Thread thread) {
        int at = index(slot);
        int owner = ownerIndex(slot);
        long idle = (long) WORDS.getOpaque(words, at);
        if (!SlotWord.isIdle(idle)) {
            return false;
        }
        // ORDER(write-in-progress) fence: the exchange is one: the slot is seen, or the writer sees the invalidation.
        if (!WORDS.compareAndSet(words, at, idle, SlotWord.enter(idle, spaceId))) {
            return false;
        }
        // Nothing is called before this store, so a slot that is taken always gets its owner.
        owners[owner] = thread;
        try {
            VarHandle.fullFence(); // the loads that follow must not pass the exchange on any processor
            return true;
        } catch (Throwable full) { // a full stack: stores need none, calls do
            owners[owner] = null;
            words[at] = idle;
            throw full;
        }
    }

    /** Waits until a slot is free and claims it; waits again if another thread was faster. */
    private int enterCrowded(int spaceId) {
        WriterStack[] stacks = new WriterStack[mask + 1];
        Arrays.setAll(stacks, slot -> new WriterStack());
        int slot;
        do {
            // Claim only after the wait: WriterStack takes a thread that is inside a wait for one without a slot.
            Wait.until(() -> isAnyFree(stacks), Writers.LIMIT,
                    () -> "one of " + (mask + 1) + " writer slots, all of which are taken");
            slot = tryEnter(spaceId);
        } while (slot == NONE);
        return slot;
    }

    private boolean isAnyFree(WriterStack[] stacks) {
        for (int slot = 0; slot <= mask; slot++) {
            long word = turn(slot);
            if (SlotWord.isIdle(word) || freeIfLeft(slot, word, stacks[slot])) {
                return true;
            }
        }
        return false;
    }

    /** Marks the write as done, or given up. */
    public void exit(int slot) {
        int at = index(slot);
        int owner = ownerIndex(slot);
        long idle = SlotWord.exit(words[at]);
        // ORDER(slot-owner) release: clear the owner first, then the word, which lets the next thread claim it.
        owners[owner] = null;
        try {
            // ORDER(write-done) release: the bytes first, then the slot that lets fork, unmap and reuse go on.
            WORDS.setRelease(words, at, idle);
        } catch (Throwable full) { // a full stack: a plain store needs none
            words[at] = idle;
            throw full;
        }
    }

    /**
     * Waits until the writes to a space that are in progress now have ended, but not for writes that begin later.
     *
     * @throws io.quire.memory.contract.WaitTimeoutException if one has not ended after {@link Writers#LIMIT}
     */
    void awaitWriters(int spaceId) {
        for (int slot = 0; slot <= mask; slot++) {
            long word = turn(slot);
            if (SlotWord.spaceId(word) == spaceId) {
                awaitTurn(slot, word);
            }
        }
    }

    private void awaitTurn(int slot, long word) {
        WriterStack stack = new WriterStack();
        Wait.until(() -> turn(slot) != word || freeIfLeft(slot, word, stack), Writers.LIMIT,
                () -> Writers.describe(owners[ownerIndex(slot)]));
    }

    /** Frees a slot whose thread is certainly no longer inside the write. Returns false if it may be. */
    private boolean freeIfLeft(int slot, long word, WriterStack stack) {
        // ORDER(slot-owner) acquire: the word was loaded first, so this is the thread of that claim, or null.
        Thread writer = (Thread) OWNERS.getAcquire(owners, ownerIndex(slot));
        if (writer == null) {
            return false;
        }
        // The current thread waits here, so it is inside no write of its own.
        boolean left = Ownership.isCurrent(writer) || stack.isOutside(writer);
        return left && turn(slot) == word && OWNERS.compareAndSet(owners, ownerIndex(slot), writer, null)
                && WORDS.compareAndSet(words, index(slot), word, SlotWord.exit(word));
    }

    private long turn(int slot) {
        // ORDER(write-done) acquire: what the writer stored is visible to a thread that sees it gone.
        return (long) WORDS.getAcquire(words, index(slot));
    }

    private static int index(int slot) {
        return (slot + 1) * STRIDE;
    }

    private static int ownerIndex(int slot) {
        return (slot + 1) * OWNER_STRIDE;
    }

    @Override
    public String toString() {
        return "SharedWriterSlots[slots=" + (mask + 1) + "]";
    }
}
