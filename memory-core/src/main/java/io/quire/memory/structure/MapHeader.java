package io.quire.memory.structure;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import org.jspecify.annotations.Nullable;

/**
 * The first page of a map. What readers look at is in the first 64 bytes, what only writers need behind it.
 * <pre>
 *      0  MAGIC         "QuireMap"                      64  LOCK         LockWord
 *      8  VERSION       of this layout                  72  VALUE BYTES  the lengths of all values together
 *     16  SIZE          of the region, whole pages      80  TOP          blocks lie between BYTES and here
 *     24  SEED          of the hash, random             88  unused
 *     32  STATE         StateWord                      128  FREE LISTS   123 x offset of a block, or 0
 *     40  TABLE SINCE   sequence that set TABLE       1112  JOURNAL      186 x (offset, value)
 *     48  TABLE         TableWord                     4088  unused
 *     56  COUNTS        CountsWord                    4096  the first block
 * </pre>
 */
final class MapHeader {

    static final long MAGIC = 0x7061_4D65_7269_7551L; // "QuireMap", low byte first
    static final long VERSION_NOW = 1;

    static final int MAGIC_AT = 0;
    static final int VERSION_AT = MAGIC_AT + Long.BYTES;
    static final int SIZE_AT = VERSION_AT + Long.BYTES;
    static final int SEED_AT = SIZE_AT + Long.BYTES;
    static final int STATE_AT = SEED_AT + Long.BYTES;
    static final int TABLE_SINCE_AT = STATE_AT + Long.BYTES;
    static final int TABLE_AT = TABLE_SINCE_AT + Long.BYTES;
    static final int COUNTS_AT = TABLE_AT + Long.BYTES;

    static final int LOCK_AT = 64; // a line of its own: waiting writers do not slow readers down
    static final int VALUE_BYTES_AT = LOCK_AT + Long.BYTES;
    static final int TOP_AT = VALUE_BYTES_AT + Long.BYTES;

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

    /** Makes an empty map of memory that reads as zeros. */
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
            throw noMap("there is no map", header);
        }
        if (header.get(VERSION_AT) != VERSION_NOW) {
            throw noMap("the map has another version than " + VERSION_NOW, header);
        }
        long size = header.get(SIZE_AT);
        if (size < REGION_MIN || size > REGION_MAX || size % Region.PAGE_BYTES != 0) {
            throw noMap("the map has an impossible size", header);
        }
        long top = header.get(TOP_AT);
        if (top < BYTES || top > size || top % BlockHeader.GRAIN != 0 || header.get(VALUE_BYTES_AT) < 0
                || StateWord.pending(header.get(STATE_AT)) > Journal.CAPACITY
                || !TableWord.isSane(header.get(TABLE_AT), size)) {
            throw noMap("the map is damaged", header);
        }
        memory.getByte(address + size - 1); // all of it is mapped, or its last byte is not
        return new Region(memory, address, size, space);
    }

    private static IllegalArgumentException noMap(String fact, Region header) {
        return new IllegalArgumentException(fact + " at this address: " + describe(header));
    }

    /** The header in words. */
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
