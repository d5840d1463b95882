package io.quire.memory.structure;

import io.quire.memory.contract.StructureFullException;
import java.util.function.Supplier;

/**
 * Changes a map, one change at a time: takes the lock, applies what was left committed, prepares, commits,
 * applies. Whatever is refused, is refused before the commit; {@link Journal} has the steps.
 */
final class MapWriter {

    /** The longest key, in bytes. */
    static final int KEY_MAX = (1 << 16) - 1;

    /** A removal in front of an empty slot makes up to so many tombstones before it empty. */
    private static final int SWEEP = 8;

    /** More than a put with a new table has, or a removal with a full sweep: both have 14. */
    private static final int WRITES_MAX = 16;

    private final Region region;
    private final KeyHash hasher;
    private final Journal journal;
    private final WriterLock lock;

    // The change that the holder of the lock is making. Blocks are 0 if there is none.
    private final Overlay change;
    private final BlockAllocator blocks;
    private long sequence;
    private long newEntry;
    private long newTable;
    private long freed;

    MapWriter(Region region, KeyHash hasher, Journal journal) {
        this.region = region;
        this.hasher = hasher;
        this.journal = journal;
        this.lock = new WriterLock(region);
        this.change = Overlay.withRoom(region, WRITES_MAX);
        this.blocks = new BlockAllocator(change);
    }

    // ---- the changes

    /** Sets the value of a key; true if it had one. */
    boolean put(byte[] key, byte[] value) {
        checkSizes(key, value);
        long hash = hasher.of(key);
        long turn = lock.lock();
        try {
            long old = begin(key, hash);
            newEntry = blocks.allocate(BlockHeader.BYTES + (long) key.length + value.length,
                    BlockHeader.ENTRY, BlockHeader.lengths(key.length, value.length), sequence);
            region.write(newEntry + BlockHeader.BYTES, key);
            region.write(newEntry + BlockHeader.BYTES + key.length, value);
            if (old == SlotTable.NONE) {
                insert(hash);
            } else {
                change.set(SlotTable.slotOf(change, table(), hash, old), EntrySlot.of(hash, newEntry));
                release(old);
            }
            change.set(MapHeader.VALUE_BYTES_AT, change.get(MapHeader.VALUE_BYTES_AT) + value.length);
            commit();
            return old != SlotTable.NONE;
        } finally {
            end(turn);
        }
    }

    /** Removes the entry of a key; false if there was none. */
    boolean remove(byte[] key) {
        long hash = hasher.of(key);
        long turn = lock.lock();
        try {
            long old = begin(key, hash);
            if (old == SlotTable.NONE) {
                return false;
            }
            vacate(SlotTable.number(table(), SlotTable.slotOf(change, table(), hash, old)));
            release(old);
            commit();
            return true;
        } finally {
            end(turn);
        }
    }

    /** Removes all entries, the table, and every block. */
    void clear() {
        long turn = lock.lock();
        try {
            begin();
            long top = region.get(MapHeader.TOP_AT);
            Overlay reset = Overlay.withRoom(region, Journal.CAPACITY);
            reset.set(MapHeader.TABLE_SINCE_AT, sequence);
            reset.set(MapHeader.TABLE_AT, TableWord.NONE);
            reset.set(MapHeader.COUNTS_AT, CountsWord.of(0, 0));
            reset.set(MapHeader.VALUE_BYTES_AT, 0);
            reset.set(MapHeader.TOP_AT, MapHeader.BYTES);
            for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
                reset.set(MapHeader.freeListAt(sizeClass), 0);
            }
            journal.commit(reset);
            if (journal.apply(reset)) {
                region.discard(MapHeader.BYTES, top);
            }
        } finally {
            end(turn);
        }
    }

    /** Answers a question while no writer changes anything. */
    <T> T quietly(Supplier<T> question) {
        long turn = lock.lock();
        try {
            return question.get();
        } finally {
            lock.unlock(turn);
        }
    }

    // ---- how a change begins and ends

    /** Begins a change and finds the block of the key it is about, or {@link SlotTable#NONE}. */
    private long begin(byte[] key, long hash) {
        begin();
        long block = table() == TableWord.NONE ? SlotTable.NONE : SlotTable.find(change, table(), hash, key);
        if (block == SlotTable.TORN) {
            throw new IllegalStateException("the table of the map is damaged: " + MapHeader.describe(region));
        }
        return block;
    }

    private void begin() {
        change.forgetWrites();
        newEntry = 0;
        newTable = 0;
        freed = 0;
        sequence = journal.recover() + 1;
    }

    private void commit() {
        journal.commit(change);
        newEntry = 0;
        newTable = 0;
        if (journal.apply(change) && freed != 0) {
            blocks.discard(freed);
        }
    }

    private void end(long turn) {
        try {
            // Still here after a refusal: nothing refers to them, and they may hold many frames.
            if (newEntry != 0) {
                blocks.discard(newEntry);
            }
            if (newTable != 0) {
                blocks.discard(newTable);
            }
        } finally {
            lock.unlock(turn);
        }
    }

    // ---- what a change consists of

    /** Puts the new entry into the table, or into a larger one. */
    private void insert(long hash) {
        if (!SlotTable.hasRoom(table(), change.get(MapHeader.COUNTS_AT))) {
            replaceTable();
        }
        long counts = change.get(MapHeader.COUNTS_AT);
        long slotAt = SlotTable.vacancy(change, table(), hash);
        int reused = change.get(slotAt) == EntrySlot.TOMBSTONE ? 1 : 0;
        change.set(slotAt, EntrySlot.of(hash, newEntry));
        change.set(MapHeader.COUNTS_AT,
                CountsWord.of(CountsWord.entries(counts) + 1, CountsWord.tombstones(counts) - reused));
    }

    /** Copies the table, without its tombstones, to one with room for twice the entries. */
    private void replaceTable() {
        long old = table();
        long entries = CountsWord.entries(change.get(MapHeader.COUNTS_AT));
        int log2 = SlotTable.log2For(entries + 1);
        long bytes = TableWord.blockBytes(log2);
        if (log2 > TableWord.LOG2_MAX) {
            throw new StructureFullException(region.toString(), bytes, change.get(MapHeader.TOP_AT),
                    region.sizeBytes());
        }
        newTable = blocks.allocate(bytes, BlockHeader.TABLE, 0, sequence);
        long table = TableWord.of(newTable, log2);
        SlotTable.fill(change, table, old, hasher);
        change.set(MapHeader.TABLE_SINCE_AT, sequence);
        change.set(MapHeader.TABLE_AT, table);
        change.set(MapHeader.COUNTS_AT, CountsWord.of(entries, 0));
        if (old != TableWord.NONE) {
            free(TableWord.block(old));
        }
    }

    /** Takes an entry out of its slot. */
    private void vacate(long number) {
        long table = table();
        long counts = change.get(MapHeader.COUNTS_AT);
        long tombstones = CountsWord.tombstones(counts) + 1;
        change.set(SlotTable.slotAt(table, number), EntrySlot.TOMBSTONE);
        if (change.get(SlotTable.slotAt(table, number + 1)) == EntrySlot.EMPTY) {
            // No search goes on behind this slot, so neither it nor tombstones before it have to lead there.
            long slotAt = SlotTable.slotAt(table, number);
            for (int i = 1; i <= SWEEP + 1 && change.get(slotAt) == EntrySlot.TOMBSTONE; i++) {
                change.set(slotAt, EntrySlot.EMPTY);
                tombstones--;
                slotAt = SlotTable.slotAt(table, number - i);
            }
        }
        change.set(MapHeader.COUNTS_AT, CountsWord.of(CountsWord.entries(counts) - 1, tombstones));
    }

    /** Frees the block of an entry that is no longer in the table. */
    private void release(long entry) {
        int valueLength = BlockHeader.valueLength(change.get(entry + BlockHeader.SECOND));
        change.set(MapHeader.VALUE_BYTES_AT, change.get(MapHeader.VALUE_BYTES_AT) - valueLength);
        free(entry);
    }

    private void free(long block) {
        blocks.free(block, sequence);
        freed = block;
    }

    private long table() {
        return change.get(MapHeader.TABLE_AT);
    }

    private void checkSizes(byte[] key, byte[] value) {
        if (key.length > KEY_MAX) {
            throw new IllegalArgumentException("a key has at most " + KEY_MAX + " bytes: length="
                    + key.length);
        }
        long room = region.sizeBytes() - MapHeader.BYTES - BlockHeader.BYTES;
        if ((long) key.length + value.length > room) {
            throw new IllegalArgumentException("key and value have to fit into the region: keyLength="
                    + key.length + ", valueLength=" + value.length + ", room=" + room);
        }
    }
}
