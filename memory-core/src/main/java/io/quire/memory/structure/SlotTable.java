package io.quire.memory.structure;

/**
 * The table of a map: open addressing, linear probing. Removed entries leave tombstones instead of having
 * later ones moved up: an entry stays in its slot as long as the table lives, so a reader that has found it
 * needs nothing but the entry itself to be still there, and a removal writes few words, as the journal wants
 * it.
 * <p>
 * All methods are functions of the words and of a table word; nothing here writes, but {@link #fill} into a
 * block that nothing refers to yet.
 */
final class SlotTable {

    /** Instead of a block: the key is not there. */
    static final long NONE = 0;

    /** Instead of a block: a slot points out of the region, so this is no table, or not any more. */
    static final long TORN = -1;

    private static final int LINE_LOG2 = 3;
    private static final long LINE_MASK = (1L << LINE_LOG2) - 1;

    /** Odd, so that every line is met once; near none of the small fractions of any power of two. */
    private static final long SCATTER = 0x9E3779B97F4A7C15L;

    private SlotTable() {
    }

    /** The block of the entry of a key, {@link #NONE} or {@link #TORN}. */
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
        return TORN; // no slot is empty, which no table allows
    }

    /** Where the slot is that points to an entry. */
    static long slotOf(Overlay words, long table, long hash, long block) {
        long wanted = EntrySlot.of(hash, block);
        for (long i = 0; i < TableWord.capacity(table); i++) {
            if (words.get(slotAt(table, hash + i)) == wanted) {
                return slotAt(table, hash + i);
            }
        }
        throw MapHeader.damaged("no slot points to the entry", words.region());
    }

    /** Where an entry of a key goes that is not there: the first slot that is not taken. */
    static long vacancy(Overlay words, long table, long hash) {
        for (long i = 0; i < TableWord.capacity(table); i++) {
            if (!EntrySlot.isTaken(words.get(slotAt(table, hash + i)))) {
                return slotAt(table, hash + i);
            }
        }
        throw MapHeader.damaged("the table is full", words.region());
    }

    /** Where a slot is; the number may be any, and wraps. */
    static long slotAt(long table, long number) {
        long wrapped = number & TableWord.capacity(table) - 1;
        return TableWord.block(table) + BlockHeader.BYTES + wrapped * Long.BYTES;
    }

    /**
     * The number of the i-th slot in an order that has little to do with that of the slots: where entries go into a
     * smaller table of the same hash one after the other, they must not fill it from one end. Eight slots that lie in
     * one line of a cache stay together.
     */
    static long scattered(long table, long i) {
        long line = ((i >>> LINE_LOG2) * SCATTER) & ((TableWord.capacity(table) >>> LINE_LOG2) - 1);
        return (line << LINE_LOG2) | (i & LINE_MASK);
    }

    /** The number of the slot at an offset. */
    static long number(long table, long slotAt) {
        return (slotAt - TableWord.block(table) - BlockHeader.BYTES) / Long.BYTES;
    }

    /** The table for so many entries: at most half of it is taken, so that it lasts. */
    static int log2For(long entries) {
        int log2 = Long.SIZE - Long.numberOfLeadingZeros(Math.max(2 * entries - 1, 1));
        return Math.max(log2, TableWord.LOG2_MIN);
    }

    /** Whether one more slot may be used: a quarter has to stay empty, for searches to end soon. */
    static boolean hasRoom(long table, long counts) {
        return table != TableWord.NONE && CountsWord.used(counts) < TableWord.capacity(table) / 4 * 3;
    }

    /** Makes a table of a new block, with the entries of another table. */
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

    /** The block, if there is an entry in it. */
    static long checkedEntry(Overlay words, long block) {
        long first = BlockHeader.mayBegin(words.region(), block) ? words.get(block) : 0;
        if (!BlockHeader.isBlock(block, first, BlockHeader.ENTRY, words.region().sizeBytes())
                || !BlockHeader.isEntry(first, words.get(block + BlockHeader.SECOND))) {
            throw MapHeader.damaged("a slot leads to no entry", words.region());
        }
        return block;
    }
}
