package io.quire.memory.structure;

/**
 * The table of a map: open addressing, linear probing. A removed entry leaves a tombstone, and later entries do not
 * move up. So an entry stays in its slot as long as the table lives: a reader that has found it needs nothing but that
 * entry to be still there, and a removal writes few words, which suits the journal.
 * <p>
 * All methods are functions of the words and of a table word. Only {@link #fill} writes, and only into a block that
 * nothing refers to yet.
 */
final class SlotTable {

    /** Returned in place of a block if the key is not there. */
    static final long NONE = 0;

    /**
     * Returned in place of a block if a slot points outside the region, or none is empty: this is no table, or no
     * longer one.
     */
    static final long TORN = -1;

    private static final int LINE_LOG2 = 3;
    private static final long LINE_MASK = (1L << LINE_LOG2) - 1;

    /**
     * Odd, so that every line is met once. Close to no simple fraction of a power of two, so that the lines are met in
     * a scattered order.
     */
    private static final long SCATTER = 0x9E3779B97F4A7C15L;

    private SlotTable() {
    }

    /** The block of the entry of a key; {@link #NONE} or {@link #TORN} if there is none. */
    static long find(Overlay words, long table, long hash, byte[] key) {
        Region region = words.region();
        long capacity = TableWord.capacity(table);
        for (long i = 0; i < capacity; i++) {
            long slot = words.get(slotAt(table, hash + i));
            if (slot == EntrySlot.EMPTY) {
                return NONE;
            }
            if (EntrySlot.mayHave(slot, hash)) {
                long block = EntrySlot.block(slot);
                if (!region.contains(block, BlockHeader.BYTES + key.length)) {
                    return TORN;
                }
                if (BlockHeader.keyLength(words.get(block + BlockHeader.SECOND)) == key.length
                        && region.holds(block + BlockHeader.BYTES, key)) {
                    return block;
                }
            }
        }
        return TORN; // no slot is empty: that is no table
    }

    /** The offset of the slot that points to an entry. */
    static long slotOf(Overlay words, long table, long hash, long block) {
        long wanted = EntrySlot.of(hash, block);
        for (long i = 0; i < TableWord.capacity(table); i++) {
            if (words.get(slotAt(table, hash + i)) == wanted) {
                return slotAt(table, hash + i);
            }
        }
        throw MapHeader.damaged("no slot points to the entry", words.region());
    }

    /** The offset of the slot for a key that is not there: the first slot that is not taken. */
    static long vacancy(Overlay words, long table, long hash) {
        for (long i = 0; i < TableWord.capacity(table); i++) {
            if (!EntrySlot.isTaken(words.get(slotAt(table, hash + i)))) {
                return slotAt(table, hash + i);
            }
        }
        throw MapHeader.damaged("the table is full", words.region());
    }

    /** The offset of a slot. The number may be any, and wraps. */
    static long slotAt(long table, long number) {
        long wrapped = number & TableWord.capacity(table) - 1;
        return TableWord.block(table) + BlockHeader.BYTES + wrapped * Long.BYTES;
    }

    /**
     * The number of the i-th slot in a scattered order. If entries are copied in this order into a smaller table with
     * the same hash, they do not fill it from one end. Eight slots in one cache line stay together.
     */
    static long scattered(long table, long i) {
        long line = ((i >>> LINE_LOG2) * SCATTER) & ((TableWord.capacity(table) >>> LINE_LOG2) - 1);
        return (line << LINE_LOG2) | (i & LINE_MASK);
    }

    /** The number of the slot at an offset. */
    static long number(long table, long slotAt) {
        return (slotAt - TableWord.block(table) - BlockHeader.BYTES) / Long.BYTES;
    }

    /**
     * The base-2 logarithm of the slots for this many entries. They take at most half of the slots, so that the table
     * lasts.
     */
    static int log2For(long entries) {
        int log2 = Long.SIZE - Long.numberOfLeadingZeros(Math.max(2 * entries - 1, 1));
        return Math.max(log2, TableWord.LOG2_MIN);
    }

    /** True if one more slot may be used. A quarter has to stay empty, so that searches end soon. */
    static boolean hasRoom(long table, long counts) {
        return table != TableWord.NONE && CountsWord.used(counts) < TableWord.capacity(table) / 4 * 3;
    }

    /** Makes a new block a table, with the entries of another table. */
    static void fill(Overlay words, long table, long from, KeyHash hasher) {
        Region region = words.region();
        region.clear(TableWord.block(table) + BlockHeader.BYTES, TableWord.capacity(table) * Long.BYTES);
        if (from == TableWord.NONE) {
            return;
        }
        byte[] key = new byte[64];
        for (long i = 0; i < TableWord.capacity(from); i++) {
            long slot = words.get(slotAt(from, i));
            if (EntrySlot.isTaken(slot)) {
                long block = checkedEntry(words, EntrySlot.block(slot));
                int length = BlockHeader.keyLength(words.get(block + BlockHeader.SECOND));
                key = length <= key.length ? key : new byte[length];
                region.read(block + BlockHeader.BYTES, key, length);
                long hash = hasher.of(key, length);
                region.set(vacancy(words, table, hash), EntrySlot.of(hash, block));
            }
        }
    }

    /** Returns the block after checking that there is an entry in it. */
    static long checkedEntry(Overlay words, long block) {
        long first = BlockHeader.mayBegin(words.region(), block) ? words.get(block) : 0;
        if (!BlockHeader.isBlock(block, first, BlockHeader.ENTRY, words.region().sizeBytes())
                || !BlockHeader.isEntry(first, words.get(block + BlockHeader.SECOND))) {
            throw MapHeader.damaged("a slot does not lead to an entry", words.region());
        }
        return block;
    }
}
