package io.quire.memory.structure;

/**
 * One slot of the table. All methods are pure.
 * <pre>
 *  63                  43 42                                          0
 * +----------------------+---------------------------------------------+
 * |         TAG          |              BLOCK OFFSET / 16              |
 * +----------------------+---------------------------------------------+
 *            21                                43                   bits
 *
 *             put                 remove                put
 *   EMPTY ----------&gt; (tag, block) ----------&gt; TOMBSTONE ----------&gt; (tag, block)
 *     ^                    |                       |
 *     +--------------------+-----------------------+
 *       remove, when the next slot is EMPTY anyway
 * </pre>
 * TAG has bits of the hash that do not choose the slot: a search looks at a wrong entry once in two million slots.
 */
final class EntrySlot {

    static final long EMPTY = 0;

    /**
     * A slot that was taken once: a search goes on behind it. No block has this offset, which is within the header.
     */
    static final long TOMBSTONE = 1;

    private static final int BLOCK_BITS = 43;
    private static final long BLOCK_MASK = (1L << BLOCK_BITS) - 1;

    private EntrySlot() {
    }

    static long of(long hash, long block) {
        return (hash & ~BLOCK_MASK) | block / BlockHeader.GRAIN;
    }

    static boolean isTaken(long slot) {
        return slot != EMPTY && slot != TOMBSTONE;
    }

    /** True if the entry may have the hash. */
    static boolean mayHave(long slot, long hash) {
        return isTaken(slot) && (slot ^ hash) >>> BLOCK_BITS == 0;
    }

    static long block(long slot) {
        return (slot & BLOCK_MASK) * BlockHeader.GRAIN;
    }
}
