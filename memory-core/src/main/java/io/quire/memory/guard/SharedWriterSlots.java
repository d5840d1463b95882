package io.quire.memory.guard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Slots for writers that own none: any thread claims one, names the space it writes to, and frees it a few
 * nanoseconds later. One object serves all spaces of a manager.
 * <p>
 * Lock-free while fewer threads are stopped inside a write than there are slots.
 */
public final class SharedWriterSlots {

    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    /** 128 bytes from slot to slot: two threads never share a line, nor the pair of lines a processor prefetches. */
    private static final int STRIDE = 16;

    private final long[] words;
    private final int mask;

    public SharedWriterSlots() {
        int slots = Integer.highestOneBit(8 * Runtime.getRuntime().availableProcessors());
        words = new long[(slots + 1) * STRIDE]; // one stride of room before the first slot
        mask = slots - 1;
    }

    /**
     * Says that a write to a space begins; fully fenced.
     *
     * @param spaceId positive
     * @return the slot, to be handed to {@link #exit(int)}
     */
    @SuppressWarnings("ThreadPriorityCheck") // a hint is all that is wanted: the holders of all slots may run
    public int enter(int spaceId) {
        // Fibonacci hashing spreads the ids of threads, which are small and consecutive.
        int probe = (int) ((Thread.currentThread().threadId() * 0x9E3779B97F4A7C15L) >>> 32);
        for (int attempt = 0; ; attempt++) {
            int slot = (probe + attempt) & mask;
            long word = (long) WORDS.getOpaque(words, index(slot));
            // ORDER(write-in-progress) fence: the exchange is one, so that the slot is seen or the withdrawal is.
            if (SlotWord.isIdle(word)
                    && WORDS.compareAndSet(words, index(slot), word, SlotWord.enter(word, spaceId))) {
                VarHandle.fullFence(); // the loads that follow must not pass the exchange on any processor
                return slot;
            }
            if (attempt > mask) {
                Thread.yield();
            }
        }
    }

    /** Says that the write is done, or was given up. */
    public void exit(int slot) {
        long word = (long) WORDS.getOpaque(words, index(slot));
        // ORDER(write-done) release: the bytes first, then the slot that lets fork, unmap and reuse go on.
        WORDS.setRelease(words, index(slot), SlotWord.exit(word));
    }

    /** Waits for the writes to a space that are in progress now; those that begin later are not waited for. */
    void awaitWriters(int spaceId) {
        for (int slot = 0; slot <= mask; slot++) {
            long word = turn(slot);
            if (SlotWord.spaceId(word) == spaceId) {
                Patience patience = new Patience();
                while (turn(slot) == word) {
                    patience.pause("a write to space " + spaceId);
                }
            }
        }
    }

    private long turn(int slot) {
        // ORDER(write-done) acquire: what the writer stored is visible to whoever sees it gone.
        return (long) WORDS.getAcquire(words, index(slot));
    }

    private static int index(int slot) {
        return (slot + 1) * STRIDE;
    }

    @Override
    public String toString() {
        return "SharedWriterSlots[slots=" + (mask + 1) + "]";
    }
}
