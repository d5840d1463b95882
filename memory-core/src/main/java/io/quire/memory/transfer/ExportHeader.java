package io.quire.memory.transfer;

import io.quire.memory.contract.InvalidExportException;
import io.quire.memory.table.Geometry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The first bytes of an export. All numbers are in network byte order.
 * <pre>
 *  0       8         12           13     14  16           20         24       40     56      64    68
 *  +-------+---------+------------+------+---+------------+----------+--------+------+-------+-----+
 *  | MAGIC | version | byte order | kind | 0 | page bytes | mappings | moment | base | pages | CRC |
 *  +-------+---------+------------+------+---+------------+----------+--------+------+-------+-----+
 * </pre>
 * The byte order is that of the machine whose memory it is. CRC is over the 64 bytes before it.
 *
 * @param mappings the number of mappings
 * @param moment the name of what the export has
 * @param base the name of what it builds on; null if it is full
 * @param pages the number of pages whose content it has
 */
record ExportHeader(int mappings, UUID moment, @Nullable UUID base, long pages) {

    static final int SIZE_BYTES = 68;

    /** "QUIRE" between a byte that is no text and an end of a line that a conversion of text would change. */
    private static final long MAGIC = 0x89_51_55_49_52_45_0D_0AL;
    private static final int VERSION = 1;

    private static final byte LITTLE_ENDIAN_MEMORY = 1;
    private static final byte BIG_ENDIAN_MEMORY = 2;
    private static final byte FULL = 1;
    private static final byte INCREMENTAL = 2;

    private static final int VERSION_AT = 8;
    private static final int ORDER_AT = 12;
    private static final int KIND_AT = 13;
    private static final int ZERO_AT = 14;
    private static final int PAGE_BYTES_AT = 16;
    private static final int MAPPINGS_AT = 20;
    private static final int MOMENT_AT = 24;
    private static final int BASE_AT = 40;
    private static final int PAGES_AT = 56;
    private static final int CHECKSUM_AT = 64;

    void put(ByteBuffer target) {
        int start = target.position();
        target.putLong(MAGIC).putInt(VERSION);
        target.put(memoryOrder()).put(base == null ? FULL : INCREMENTAL).putShort((short) 0);
        target.putInt(Geometry.PAGE_BYTES).putInt(mappings);
        putName(target, moment);
        if (base == null) {
            target.putLong(0).putLong(0);
        } else {
            putName(target, base);
        }
        target.putLong(pages);
        target.putInt(Checksums.of(target, start, CHECKSUM_AT));
    }

    private static void putName(ByteBuffer target, UUID name) {
        target.putLong(name.getMostSignificantBits()).putLong(name.getLeastSignificantBits());
    }

    private static byte memoryOrder() {
        return ByteOrder.nativeOrder().equals(ByteOrder.LITTLE_ENDIAN) ? LITTLE_ENDIAN_MEMORY : BIG_ENDIAN_MEMORY;
    }

    /**
     * Reads a header that begins at byte 0 of a buffer.
     *
     * @throws InvalidExportException if it is none that this version of the library can read
     */
    static ExportHeader of(ByteBuffer source) {
        require(source.getLong(0) == MAGIC, 0, "it does not begin as an export of a space does");
        int version = source.getInt(VERSION_AT);
        require(version == VERSION, VERSION_AT, "the format has another version than " + VERSION + ": " + version);
        require(Checksums.of(source, 0, CHECKSUM_AT) == source.getInt(CHECKSUM_AT), 0, "the header is damaged");
        require(source.get(ORDER_AT) == memoryOrder(), ORDER_AT,
                "the memory is that of a machine with the other byte order");
        byte kind = source.get(KIND_AT);
        require(kind == FULL || kind == INCREMENTAL, KIND_AT, "the kind is unknown: " + kind);
        require(source.getShort(ZERO_AT) == 0, ZERO_AT, "bytes that must be zero are not");
        int pageBytes = source.getInt(PAGE_BYTES_AT);
        require(pageBytes == Geometry.PAGE_BYTES, PAGE_BYTES_AT, "pages have another size: " + pageBytes);
        UUID base = name(source, BASE_AT);
        require(kind == INCREMENTAL || base.equals(new UUID(0, 0)), BASE_AT, "a full export has a base");
        return new ExportHeader(notNegative(source.getInt(MAPPINGS_AT), MAPPINGS_AT), name(source, MOMENT_AT),
                kind == FULL ? null : base, notNegative(source.getLong(PAGES_AT), PAGES_AT));
    }

    private static UUID name(ByteBuffer source, int at) {
        return new UUID(source.getLong(at), source.getLong(at + Long.BYTES));
    }

    private static int notNegative(int count, int at) {
        require(count >= 0, at, "a count is negative: " + count);
        return count;
    }

    private static long notNegative(long count, int at) {
        require(count >= 0, at, "a count is negative: " + count);
        return count;
    }

    private static void require(boolean isRight, long at, String otherwise) {
        if (!isRight) {
            throw new InvalidExportException(at, otherwise);
        }
    }
}
