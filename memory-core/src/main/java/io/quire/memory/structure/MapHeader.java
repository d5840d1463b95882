package io.quire.memory.structure;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.space.SpaceFinder;
import org.jspecify.annotations.Nullable;

/**
 * The first page of a map. To find an entry, a reader needs only the first 64 bytes, and the journal if the state is
 * PENDING. The rest is for writers.
 * <pre>
 *      0  MAGIC         "QuireMap"                      64  unused
 *      8  VERSION       of this layout                  72  VALUE BYTES  the lengths of all values together
 *     16  SIZE          of the region, whole pages      80  TOP          blocks lie between BYTES and here
 *     24  SEED          of the hash, random             88  SWEEP AT     how far a sweep has come, 0 if there is none
 *     32  STATE         StateWord                       96  SWEEP RUN    free blocks from here to SWEEP AT, or 0
 *     40  HEADERS SINCE sequence of the last change    104  SWEEP SINCE  sequence when the sweep began
 *                       that took headers of blocks    128  FREE LISTS   123 x offset of a block, or 0
 *                       away                          1112  JOURNAL      186 x (offset, value)
 *     48  TABLE         TableWord                     4088  unused
 *     56  COUNTS        CountsWord                    4096  the first block
 * </pre>
 * The program may overwrite any of it, so each word is checked before it is used: {@link #fault} has the rules for the
 * words of the header.
 */
final class MapHeader {

    static final long MAGIC = 0x7061_4D65_7269_7551L; // "QuireMap", low byte first
    static final long VERSION_NOW = 2;

    static final int MAGIC_AT = 0;
    static final int VERSION_AT = MAGIC_AT + Long.BYTES;
    static final int SIZE_AT = VERSION_AT + Long.BYTES;
    static final int SEED_AT = SIZE_AT + Long.BYTES;
    static final int STATE_AT = SEED_AT + Long.BYTES;
    static final int HEADERS_SINCE_AT = STATE_AT + Long.BYTES;
    static final int TABLE_AT = HEADERS_SINCE_AT + Long.BYTES;
    static final int COUNTS_AT = TABLE_AT + Long.BYTES;

    static final int VALUE_BYTES_AT = 72;
    static final int TOP_AT = VALUE_BYTES_AT + Long.BYTES;
    static final int SWEEP_AT = TOP_AT + Long.BYTES;
    static final int SWEEP_RUN_AT = SWEEP_AT + Long.BYTES;
    static final int SWEEP_SINCE_AT = SWEEP_RUN_AT + Long.BYTES;

    static final int FREE_LISTS_AT = 128;
    static final int JOURNAL_AT = FREE_LISTS_AT + SizeClasses.COUNT * Long.BYTES;

    /** The size of the header, and so the offset of the first block. */
    static final int BYTES = Region.PAGE_BYTES;

    static final long REGION_MIN = 2 * Region.PAGE_BYTES;
    static final long REGION_MAX = 1L << 46;

    private MapHeader() {
    }

    static int freeListAt(int sizeClass) {
        return FREE_LISTS_AT + sizeClass * Long.BYTES;
    }

    /** Makes an empty map out of memory that reads as zeros. */
    static void format(Region region, long seed) {
        region.set(VERSION_AT, VERSION_NOW);
        region.set(SIZE_AT, region.sizeBytes());
        region.set(SEED_AT, seed);
        region.set(TOP_AT, BYTES);
        region.setRelease(MAGIC_AT, MAGIC);
    }

    /**
     * Finds the region of the map at an address.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Region locate(MemoryAccess memory, @Nullable AddressSpace space, long address) {
        if (address < 0 || address % Region.PAGE_BYTES != 0) {
            throw new IllegalArgumentException("a map begins at a multiple of " + Region.PAGE_BYTES
                    + ": address=0x" + Long.toHexString(address));
        }
        Region header = new Region(memory, address, BYTES, space);
        if (header.getAcquire(MAGIC_AT) != MAGIC) {
            throw new IllegalArgumentException("there is no map at this address: address=0x"
                    + Long.toHexString(address)
                    + "; check that it is what ForkableMap.address() returned, that the map "
                    + "was created before this space was forked, and that nobody has unmapped or overwritten it");
        }
        if (header.get(VERSION_AT) != VERSION_NOW) {
            throw new IllegalArgumentException("the map at this address was made by another version of the library: "
                    + "address=0x" + Long.toHexString(address) + ", version=" + header.get(VERSION_AT) + ", expected="
                    + VERSION_NOW);
        }
        long size = header.get(SIZE_AT);
        if (size < REGION_MIN || size > REGION_MAX || size % Region.PAGE_BYTES != 0) {
            throw noMap("the map has an impossible size", header);
        }
        if (!isTop(header.get(TOP_AT), size) || header.get(VALUE_BYTES_AT) < 0
                || StateWord.pending(header.get(STATE_AT)) > Journal.CAPACITY
                || !TableWord.isSane(header.get(TABLE_AT), size)) {
            throw noMap("the map is damaged", header);
        }
        SpaceFinder.of(memory).table().permissions().checkAllMapped(address, size);
        return new Region(memory, address, size, space);
    }

    // ---- checks of words that anybody may have overwritten

    /** True if a change may write the word at an offset, in a map whose blocks end at the top. */
    static boolean mayChange(long offset, long top) {
        return offset % Long.BYTES == 0 && ((offset >= HEADERS_SINCE_AT && offset <= COUNTS_AT)
                || (offset >= VALUE_BYTES_AT && offset <= SWEEP_SINCE_AT)
                || (offset >= FREE_LISTS_AT && offset < JOURNAL_AT)
                || (offset >= BYTES && offset < top));
    }

    /** Says what is wrong with the words that a change or a walk relies on; null if nothing is. */
    static @Nullable String fault(Overlay words) {
        long top = words.get(TOP_AT);
        if (!isTop(top, words.region().sizeBytes())) {
            return "the top is impossible";
        }
        long table = words.get(TABLE_AT);
        if (!TableWord.isSane(table, top)) {
            return "the table is impossible";
        }
        long capacity = table == TableWord.NONE ? 0 : TableWord.capacity(table);
        return CountsWord.used(words.get(COUNTS_AT)) > capacity ? "the counts are impossible" : null;
    }

    static boolean isTop(long top, long limit) {
        return top >= BYTES && top <= limit && top % BlockHeader.GRAIN == 0;
    }

    /** True if a table that lies below the top has a block of its own, or if there is no table. */
    static boolean isTable(Overlay words, long table) {
        long block = TableWord.block(table);
        long first = table == TableWord.NONE ? 0 : words.get(block);
        return table == TableWord.NONE || (BlockHeader.isBlock(block, first, BlockHeader.TABLE, words.get(TOP_AT))
                && SizeClasses.bytes(BlockHeader.sizeClass(first)) >= TableWord.blockBytes(TableWord.log2(table)));
    }

    /** Returns the exception for words of a map that contradict each other. */
    static IllegalStateException damaged(String fact, Region region) {
        return new IllegalStateException("the map is damaged: " + fact + ": " + describe(region));
    }

    private static IllegalArgumentException noMap(String fact, Region header) {
        return new IllegalArgumentException(fact + " at this address: " + describe(header));
    }

    /** The header as text. */
    static String describe(Region header) {
        return "address=0x" + Long.toHexString(header.address()) + ", magic=0x"
                + Long.toHexString(header.get(MAGIC_AT)) + ", version=" + header.get(VERSION_AT)
                + ", sizeBytes=" + header.get(SIZE_AT) + ", state=" + StateWord.toString(header.get(STATE_AT))
                + ", table=" + TableWord.toString(header.get(TABLE_AT))
                + ", entries=" + CountsWord.entries(header.get(COUNTS_AT))
                + ", tombstones=" + CountsWord.tombstones(header.get(COUNTS_AT))
                + ", valueBytes=" + header.get(VALUE_BYTES_AT) + ", top=" + header.get(TOP_AT);
    }
}
