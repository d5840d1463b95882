package io.quire.memory.transfer;

import io.quire.memory.table.Geometry;
import java.nio.ByteBuffer;

/**
 * What begins each record of an export. All numbers are in network byte order.
 * <pre>
 *  0      4         12      20    24
 *  +------+---------+-------+-----+
 *  | kind | address | pages | CRC |   CRC is over the 20 bytes before it
 *  +------+---------+-------+-----+
 *
 *  PAGE   then for each page the CRC of its content, then the content of each page
 *  HOLE   then nothing: the pages were written in the base, and read as zeros now
 *  END!   address is 0, pages as in the header of the export; then the CRC of the whole, then the end mark
 * </pre>
 *
 * @param kind one of the constants
 * @param address of the first page
 * @param pages how many pages it is about
 */
record RecordHeader(int kind, long address, long pages) {

    static final int SIZE_BYTES = 24;

    /** In ASCII. */
    static final int PAGE = 0x50_41_47_45;
    static final int HOLE = 0x48_4F_4C_45;
    static final int END = 0x45_4E_44_21;

    /** "QUIREEND" */
    static final long END_MARK = 0x51_55_49_52_45_45_4E_44L;

    /** What comes behind the header of the last record: the checksum and the mark. */
    static final int TAIL_BYTES = Integer.BYTES + Long.BYTES;

    /** A record has as many pages as a leaf at most, so that it can be checked before it is written as a whole. */
    static final int PAGES_MAX = Geometry.FAN_OUT;

    /** The size of a whole record of that many pages. */
    static int sizeBytes(int pages) {
        return SIZE_BYTES + pages * (Integer.BYTES + Geometry.PAGE_BYTES);
    }

    private static final int ADDRESS_AT = 4;
    private static final int PAGES_AT = 12;
    private static final int CHECKSUM_AT = 20;

    void put(ByteBuffer target) {
        int start = target.position();
        target.putInt(kind).putLong(address).putLong(pages);
        target.putInt(Checksums.of(target, start, CHECKSUM_AT));
    }

    /** True if the checksum of a header is right that begins at byte 0 of a buffer. */
    static boolean isWhole(ByteBuffer source) {
        return Checksums.of(source, 0, CHECKSUM_AT) == source.getInt(CHECKSUM_AT);
    }

    /** Reads a header that begins at byte 0 of a buffer. */
    static RecordHeader of(ByteBuffer source) {
        return new RecordHeader(source.getInt(0), source.getLong(ADDRESS_AT), source.getLong(PAGES_AT));
    }
}
