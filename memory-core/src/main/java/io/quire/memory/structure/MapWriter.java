package io.quire.memory.structure;

import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.StructureFullException;
import io.quire.memory.space.SpaceFinder;
import java.util.function.Supplier;

/**
 * Changes a map, one change at a time: takes the lock, applies what was left committed, prepares, commits, applies. A
 * change is refused before its commit or not at all, and nothing is thrown after it. {@link Journal} has the steps.
 */
final class MapWriter {

    /** The longest key, in bytes. */
    static final int KEY_MAX = (1 << 16) - 1;

    /** A removal in front of an empty slot also empties up to this many tombstones before it. */
    private static final int TOMBSTONES_EMPTIED = 8;

    private final Region region;
    private final KeyHash hasher;
    private final Journal journal;
    private final Shared shared;
    private final WriterLock lock;
    private final FreeHints hints;

    // The change that the holder of the lock is making. A block is 0 if the change has none.
    private final Overlay change;
    private final BlockAllocator blocks;
    private final Sweep sweep;
    // Created here: after a commit nothing may be allocated.
    private final Runnable discardFreed = this::discardFreed;
    private final Runnable discardMerged;
    private long sequence;
    private long table;
    private long newEntry;
    private long newTable;
    private long freed;

    /** A table that was checked: it has a block of its own. */
    private long soundTable = TableWord.NONE;

    MapWriter(Region region, KeyHash hasher, Journal journal) {
        this.region = region;
        this.hasher = hasher;
        this.journal = journal;
        this.shared = SpaceFinder.of(region.memory()).residents().at(region.address(), Shared.class, Shared::new);
        this.lock = shared.lock();
        this.hints = shared.hints();
        this.change = Overlay.withRoom(region, Journal.CAPACITY);
        this.blocks = new BlockAllocator(change, hints);
        this.sweep = new Sweep(change, blocks, hints);
        this.discardMerged = sweep::discard;
    }

    // ---- the changes

    /** Sets the value of a key; true if the key had one. */
    boolean put(byte[] key, byte[] value) {
        checkSizes(key, value);
        long hash = hasher.of(key);
        lock.lock(region, WriterLock.LIMIT);
        try {
            long old = begin(key, hash);
            if (blocks.hasNoFree(entryBytes(key, value)) && sweep.isDue()) {
                sweepStep(); // before more is taken from the top
                old = begin(key, hash);
            }
            while (!preparePut(key, value, hash, old)) {
                sweepOrRefuse(entryBytes(key, value));
                old = begin(key, hash);
            }
            commit(discardFreed);
            return old != SlotTable.NONE;
        } catch (Throwable refused) {
            giveBack();
            throw refused;
        } finally {
            // ORDER(map-locked) release: what this writer did comes before what the next one does.
            lock.holder = null;
        }
    }

    /** Removes the entry of a key; false if there is none. */
    boolean remove(byte[] key) {
        long hash = hasher.of(key);
        lock.lock(region, WriterLock.LIMIT);
        try {
            long old = begin(key, hash);
            if (old == SlotTable.NONE) {
                region.makeWritable(MapHeader.STATE_AT); // so that a snapshot refuses this, too
                hints.end(sequence - 1);
                return false;
            }
            vacate(SlotTable.number(table, SlotTable.slotOf(change, table, hash, old)));
            release(old);
            commit(discardFreed);
            return true;
        } finally {
            lock.holder = null;
        }
    }

    /** Removes all entries, the table, and every block. */
    void clear() {
        lock.lock(region, WriterLock.LIMIT);
        try {
            begin();
            long top = change.get(MapHeader.TOP_AT);
            change.set(MapHeader.HEADERS_SINCE_AT, sequence);
            change.set(MapHeader.TABLE_AT, TableWord.NONE);
            change.set(MapHeader.COUNTS_AT, CountsWord.of(0, 0));
            change.set(MapHeader.VALUE_BYTES_AT, 0);
            change.set(MapHeader.TOP_AT, MapHeader.BYTES);
            change.set(MapHeader.SWEEP_AT, 0);
            for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
                change.set(MapHeader.freeListAt(sizeClass), 0);
            }
            hints.clear();
            commit(() -> region.discard(MapHeader.BYTES, top));
        } finally {
            lock.holder = null;
        }
    }

    /** Answers a question while no writer of this space changes anything. */
    <T> T exclusively(Supplier<T> question) {
        lock.lock(region, WriterLock.LIMIT);
        try {
            return question.get();
        } finally {
            lock.holder = null;
        }
    }

    // ---- how a change begins and ends

    /** Begins a change and finds the block of its key, or {@link SlotTable#NONE}. */
    private long begin(byte[] key, long hash) {
        begin();
        long block = table == TableWord.NONE ? SlotTable.NONE : SlotTable.find(change, table, hash, key);
        if (block == SlotTable.TORN) {
            throw MapHeader.damaged("a slot points outside the region, or no slot is empty", region);
        }
        return block == SlotTable.NONE ? block : SlotTable.checkedEntry(change, block);
    }

    private void begin() {
        change.forgetWrites();
        newEntry = 0;
        newTable = 0;
        freed = 0;
        if (region.get(MapHeader.SEED_AT) != hasher.seed()) {
            throw MapHeader.damaged("it is not the map that was opened", region);
        }
        long now = journal.recover();
        String fault = now >= StateWord.SEQUENCE_MAX ? "its sequence is at its end" : MapHeader.fault(change);
        if (fault != null) {
            throw MapHeader.damaged(fault, region);
        }
        table = change.get(MapHeader.TABLE_AT);
        if (table != soundTable && !MapHeader.isTable(change, table)) {
            throw MapHeader.damaged("the table has no block", region);
        }
        soundTable = table;
        hints.begin(now, change);
        sequence = now + 1;
    }

    /**
     * Makes the change. If this throws, nothing has changed. If it returns, the change is done, though perhaps not
     * applied, and its free pages not given back.
     *
     * @param discard gives back pages that the change made free
     */
    private void commit(Runnable discard) {
        commitSurely();
        newEntry = 0;
        newTable = 0;
        try {
            journal.apply(change);
            hints.end(sequence);
            discard.run();
        } catch (Throwable later) {
            // Frames ran out, a device failed, or the stack is full, but the change is done. The next writer applies
            // it, and meets the same obstacle before its own change. Pages that were not given back are used again.
            return;
        }
    }

    private void commitSurely() {
        try {
            journal.commit(change);
        } catch (MemoryException refused) {
            throw refused;
        } catch (Throwable error) {
            // The stack may have run out inside an access that had stored already.
            long entry = newEntry;
            long table = newTable;
            newEntry = 0; // given back only if it is certain that nothing refers to them
            newTable = 0;
            if (journal.isCommitted(sequence)) {
                return;
            }
            newEntry = entry;
            newTable = table;
            throw error;
        }
    }

    /** Gives back the pages of new blocks after a refusal: nothing refers to them, and they may have many frames. */
    private void giveBack() {
        try {
            if (newEntry != 0) {
                blocks.discard(newEntry);
            }
            if (newTable != 0) {
                blocks.discard(newTable);
            }
        } catch (Throwable kept) {
            return; // for example, a device does not let go of them; the pages are used again
        }
    }

    private void discardFreed() {
        if (freed != 0) {
            blocks.discard(freed);
        }
    }

    // ---- room

    /** Makes room for a put that found none, or refuses the put if no sweep can help. */
    private void sweepOrRefuse(long bytes) {
        long needed = newEntry == 0 ? SizeClasses.bytes(SizeClasses.of(bytes)) : tableBytes();
        giveBack();
        hints.end(sequence - 1);
        begin();
        if (!sweep.mayPay()) {
            hints.end(sequence - 1);
            throw new StructureFullException(region.toString(), needed, change.get(MapHeader.TOP_AT),
                    region.sizeBytes());
        }
        sweepStep();
        while (region.get(MapHeader.SWEEP_AT) != 0) {
            begin();
            sweepStep();
        }
    }

    private void sweepStep() {
        sweep.step(sequence);
        commit(discardMerged);
    }

    // ---- what a change consists of

    /** Prepares a put; false if there is no room. */
    private boolean preparePut(byte[] key, byte[] value, long hash, long old) {
        newEntry = blocks.allocate(entryBytes(key, value), BlockHeader.ENTRY,
                BlockHeader.lengths(key.length, value.length), sequence);
        if (newEntry == 0) {
            return false;
        }
        region.write(newEntry + BlockHeader.BYTES, key);
        region.write(newEntry + BlockHeader.BYTES + key.length, value);
        if (old == SlotTable.NONE) {
            if (!insert(hash)) {
                return false;
            }
        } else {
            change.set(SlotTable.slotOf(change, table, hash, old), EntrySlot.of(hash, newEntry));
            release(old);
        }
        change.set(MapHeader.VALUE_BYTES_AT, change.get(MapHeader.VALUE_BYTES_AT) + value.length);
        return true;
    }

    /** Puts the new entry into the table, or into a larger one; false if there is no room for a larger one. */
    private boolean insert(long hash) {
        if (!SlotTable.hasRoom(table, change.get(MapHeader.COUNTS_AT)) && !replaceTable()) {
            return false;
        }
        long counts = change.get(MapHeader.COUNTS_AT);
        long slotAt = SlotTable.vacancy(change, table, hash);
        int reused = change.get(slotAt) == EntrySlot.TOMBSTONE ? 1 : 0;
        if (CountsWord.tombstones(counts) < reused) {
            throw MapHeader.damaged("there are more tombstones than were counted", region);
        }
        change.set(slotAt, EntrySlot.of(hash, newEntry));
        change.set(MapHeader.COUNTS_AT,
                CountsWord.of(CountsWord.entries(counts) + 1, CountsWord.tombstones(counts) - reused));
        return true;
    }

    /** Copies the table, without its tombstones, into one that is at most half full; false if there is no room. */
    private boolean replaceTable() {
        long old = table;
        long entries = CountsWord.entries(change.get(MapHeader.COUNTS_AT));
        newTable = blocks.allocate(tableBytes(), BlockHeader.TABLE, 0, sequence);
        if (newTable == 0) {
            return false;
        }
        table = TableWord.of(newTable, SlotTable.log2For(entries + 1));
        SlotTable.fill(change, table, old, hasher);
        change.set(MapHeader.TABLE_AT, table);
        change.set(MapHeader.COUNTS_AT, CountsWord.of(entries, 0));
        if (old != TableWord.NONE) {
            if (!MapHeader.isTable(change, old)) {
                throw MapHeader.damaged("the table has no block", region);
            }
            free(TableWord.block(old));
        }
        return true;
    }

    /** The size of the block of the next table. */
    private long tableBytes() {
        long entries = CountsWord.entries(change.get(MapHeader.COUNTS_AT)) + 1;
        return TableWord.blockBytes(SlotTable.log2For(entries)); // larger than any block if there can be no such table
    }

    /** Takes an entry out of its slot. */
    private void vacate(long number) {
        long counts = change.get(MapHeader.COUNTS_AT);
        long tombstones = CountsWord.tombstones(counts) + 1;
        change.set(SlotTable.slotAt(table, number), EntrySlot.TOMBSTONE);
        if (change.get(SlotTable.slotAt(table, number + 1)) == EntrySlot.EMPTY) {
            // No search goes on behind this slot. So neither this slot nor the tombstones before it have to lead there.
            long slotAt = SlotTable.slotAt(table, number);
            for (int i = 1; i <= TOMBSTONES_EMPTIED + 1 && change.get(slotAt) == EntrySlot.TOMBSTONE; i++) {
                change.set(slotAt, EntrySlot.EMPTY);
                tombstones--;
                slotAt = SlotTable.slotAt(table, number - i);
            }
        }
        if (CountsWord.entries(counts) == 0 || tombstones < 0) {
            throw MapHeader.damaged("there are more entries or tombstones than were counted", region);
        }
        change.set(MapHeader.COUNTS_AT, CountsWord.of(CountsWord.entries(counts) - 1, tombstones));
    }

    /** Frees the block of an entry that is no longer in the table. */
    private void release(long entry) {
        int valueLength = BlockHeader.valueLength(change.get(entry + BlockHeader.SECOND));
        long left = change.get(MapHeader.VALUE_BYTES_AT) - valueLength;
        if (left < 0) {
            throw MapHeader.damaged("there are more bytes of values than were counted", region);
        }
        change.set(MapHeader.VALUE_BYTES_AT, left);
        free(entry);
    }

    private void free(long block) {
        blocks.free(block, sequence);
        freed = block;
    }

    private static long entryBytes(byte[] key, byte[] value) {
        return BlockHeader.BYTES + (long) key.length + value.length;
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

    /** What all objects over one map in one space share. */
    record Shared(WriterLock lock, FreeHints hints) {

        Shared() {
            this(new WriterLock(), new FreeHints());
        }
    }
}
