package io.quire.memory.structure;

import java.util.HashMap;
import java.util.Map;

/**
 * Walks all blocks of a map, from the first to the top, and all slots and free lists. Compares what it finds with what
 * the words and headers say. Only while nobody changes the map.
 */
final class MapRecount {

    private final Region region;
    private final KeyHash hasher;
    private final Overlay words;
    private final Map<Long, Integer> kindOfBlock = new HashMap<>();

    MapRecount(Region region, KeyHash hasher, Journal journal) {
        this.region = region;
        this.hasher = hasher;
        Overlay now = journal.view(region.getAcquire(MapHeader.STATE_AT));
        if (now == null) {
            throw wrong("somebody changes the map", 0, 0);
        }
        this.words = now;
    }

    /** Throws an {@link IllegalStateException} if something is wrong. */
    void check() {
        walkBlocks();
        takeFreeLists();
        takeDetached();
        takeTable();
        if (!kindOfBlock.isEmpty()) {
            throw wrong("blocks are neither free nor in the table", 0, kindOfBlock.size());
        }
    }

    /** Checks that every byte from the header to the top is in one block. */
    private void walkBlocks() {
        long top = words.get(MapHeader.TOP_AT);
        long block = MapHeader.BYTES;
        while (block < top) {
            long first = words.get(block);
            equal("a block has a kind", 1, BlockHeader.kind(first) == 0 ? 0 : 1);
            equal("a class exists", 1, BlockHeader.sizeClass(first) < SizeClasses.COUNT ? 1 : 0);
            kindOfBlock.put(block, BlockHeader.kind(first));
            block += SizeClasses.bytes(BlockHeader.sizeClass(first));
        }
        equal("the last block ends at the top", top, block);
    }

    private void takeFreeLists() {
        for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
            for (long block = words.get(MapHeader.freeListAt(sizeClass)); block != 0;
                    block = words.get(block + BlockHeader.SECOND)) {
                take(block, BlockHeader.FREE);
                equal("the class of a free block", sizeClass, BlockHeader.sizeClass(words.get(block)));
            }
        }
    }

    /** Takes the free blocks that a sweep has not passed yet: they are in no list. */
    private void takeDetached() {
        long at = words.get(MapHeader.SWEEP_AT);
        long run = words.get(MapHeader.SWEEP_RUN_AT);
        long since = words.get(MapHeader.SWEEP_SINCE_AT);
        if (at != 0) {
            kindOfBlock.entrySet().removeIf(block -> block.getKey() >= (run == 0 ? at : run)
                    && block.getValue() == BlockHeader.FREE
                    && BlockHeader.sequence(words.get(block.getKey())) <= since);
        }
    }

    private void takeTable() {
        long table = words.get(MapHeader.TABLE_AT);
        long counts = words.get(MapHeader.COUNTS_AT);
        long entries = 0;
        long tombstones = 0;
        long valueBytes = 0;
        if (table != TableWord.NONE) {
            take(TableWord.block(table), BlockHeader.TABLE);
            for (long number = 0; number < TableWord.capacity(table); number++) {
                long slot = words.get(SlotTable.slotAt(table, number));
                tombstones += slot == EntrySlot.TOMBSTONE ? 1 : 0;
                if (EntrySlot.isTaken(slot)) {
                    entries++;
                    valueBytes += takeEntry(table, EntrySlot.block(slot));
                }
            }
        }
        equal("entries", entries, CountsWord.entries(counts));
        equal("tombstones", tombstones, CountsWord.tombstones(counts));
        equal("value bytes", valueBytes, words.get(MapHeader.VALUE_BYTES_AT));
    }

    /**
     * Checks that an entry has a block of its own, and that a search for its key finds it.
     *
     * @return the length of its value
     */
    private int takeEntry(long table, long block) {
        take(block, BlockHeader.ENTRY);
        long lengths = words.get(block + BlockHeader.SECOND);
        byte[] key = new byte[BlockHeader.keyLength(lengths)];
        region.read(block + BlockHeader.BYTES, key, key.length);
        equal("the entry that is found by its key", block, SlotTable.find(words, table, hasher.of(key), key));
        long bytes = SizeClasses.bytes(BlockHeader.sizeClass(words.get(block)));
        equal("an entry fits into its block", 1,
                BlockHeader.BYTES + (long) key.length + BlockHeader.valueLength(lengths) <= bytes ? 1 : 0);
        return BlockHeader.valueLength(lengths);
    }

    /** Takes a block out of those that were found. Taking it a second time fails. */
    private void take(long block, int kind) {
        Integer found = kindOfBlock.remove(block);
        equal("the kind of the block at " + block, kind, found == null ? -1 : found);
    }

    private void equal(String what, long expected, long found) {
        if (found != expected) {
            throw wrong(what, expected, found);
        }
    }

    private IllegalStateException wrong(String what, long expected, long found) {
        return new IllegalStateException("recount of " + region + ": " + what + ": expected=" + expected
                + ", found=" + found + ", header: " + MapHeader.describe(region));
    }
}
