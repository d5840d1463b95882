package io.quire.memory.guard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Slots for writers that own none: any thread claims one, names the space it writes to, and frees it a few
 * nanoseconds later. One object serves all spaces of a manager.
 * <p>
 * Lock-free while fewer threads are stopped inside a write than there are slots.
 * <p>
 * A full stack can throw a writer out of the middle of {@link #exit}, which then leaves its slot taken. So each slot
 * names its thread, and whoever waits for it frees it when that thread is no longer inside a write.
 */
public final class SharedWriterSlots {

    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle OWNERS = MethodHandles.arrayElementVarHandle(Thread[].class);

    /** 128 bytes from slot to slot: two threads never share a line, nor the pair of lines a processor prefetches. */
    private static final int STRIDE = 16;
    /** The same for references, of which some JVMs make 4 bytes. */
    private static final int OWNER_STRIDE = 32;
    private static final int NONE = -1;

    private final long[] words;
    /**
     * The thread in each slot: set after the slot is claimed, cleared before it is freed. So it is never that of an
     * earlier stay: whoever sees the claim sees the thread that made it, or null.
     */
    private final @Nullable Thread[] owners;
    private final int mask;

    public SharedWriterSlots() {
        int slots = Integer.highestOneBit(8 * Runtime.getRuntime().availableProcessors());
        words = new long[(slots + 1) * STRIDE]; // one stride of room before the first slot
        owners = new Thread[(slots + 1) * OWNER_STRIDE];
        mask = slots - 1;
    }

    /**
     * Says that a write to a space begins; fully fenced.
     *
     * @param spaceId positive
     * @return the slot, to be handed to {@link #exit(int)}
     * @throws io.quire.memory.contract.WaitTimeoutException if no slot is free for {@link Writers#LIMIT}
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
        // ORDER(write-in-progress) fence: the exchange is one, so that the slot is seen or the invalidation is.
        if (!WORDS.compareAndSet(words, at, idle, SlotWord.enter(idle, spaceId))) {
            return false;
        }
        // No call comes before this store, so nothing can keep a slot that is taken from having an owner soon.
        owners[owner] = thread;
        try {
            VarHandle.fullFence(); // the loads that follow must not pass the exchange on any processor
            return true;
        } catch (Throwable full) { // of the stack: stores need none, calls do
            owners[owner] = null;
            words[at] = idle;
            throw full;
        }
    }

    /** Waits until a slot is free, and claims it if nobody is faster. */
    private int enterCrowded(int spaceId) {
        WriterStack[] stacks = new WriterStack[mask + 1];
        Arrays.setAll(stacks, slot -> new WriterStack());
        int slot;
        do {
            // Claimed only when the wait is over: a thread that is seen in one is taken for a thread without a slot.
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

    /** Says that the write is done, or was given up. */
    public void exit(int slot) {
        int at = index(slot);
        int owner = ownerIndex(slot);
        long idle = SlotWord.exit(words[at]);
        // ORDER(slot-owner) release: no owner first, then, with the slot, the word that lets the next one claim it.
        owners[owner] = null;
        try {
            // ORDER(write-done) release: the bytes first, then the slot that lets fork, unmap and reuse go on.
            WORDS.setRelease(words, at, idle);
        } catch (Throwable full) { // of the stack, which a plain store does not need
            words[at] = idle;
            throw full;
        }
    }

    /**
     * Waits for the writes to a space that are in progress now; those that begin later are not waited for.
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

    /** Frees a slot whose thread is no longer inside the write; false if it may be. */
    private boolean freeIfLeft(int slot, long word, WriterStack stack) {
        // ORDER(slot-owner) acquire: the word was loaded before, so this is the thread of that stay, or null.
        Thread writer = (Thread) OWNERS.getAcquire(owners, ownerIndex(slot));
        if (writer == null) {
            return false;
        }
        // A thread that waits here is inside no write of its own.
        boolean left = Ownership.isCurrent(writer) || stack.isOutside(writer);
        return left && turn(slot) == word && OWNERS.compareAndSet(owners, ownerIndex(slot), writer, null)
                && WORDS.compareAndSet(words, index(slot), word, SlotWord.exit(word));
    }

    private long turn(int slot) {
        // ORDER(write-done) acquire: what the writer stored is visible to whoever sees it gone.
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
