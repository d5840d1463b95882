package io.quire.memory.transfer;

import io.quire.memory.Mapping;
import io.quire.memory.contract.InvalidExportException;
import io.quire.memory.contract.Protection;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Mappings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Reads one export from a channel, and no byte behind it. Checks each part before it is handed out: no length or count
 * is used before it is known to be right. Takes memory for one record of the largest size, and for the list of mappings
 * as far as it was read. Serves one thread once.
 */
final class ExportReader {

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(RecordHeader.sizeBytes(RecordHeader.PAGES_MAX));
    private final CRC32C whole = new CRC32C();
    private final ReadableByteChannel channel;
    private final Stall stall = new Stall("the channel of an import");

    private final ExportHeader header;
    private final List<Mapping> mappings;
    private final AddressRanges mapped;

    /** How many bytes were read before the part that is in the buffer now, and how many that part has. */
    private long position;
    private int length;
    private long pagesRead;
    /** Where the pages of the last record end. */
    private long lastEnd;

    private ExportReader(ReadableByteChannel channel) throws IOException {
        this.channel = channel;
        read(ExportHeader.SIZE_BYTES, true);
        header = ExportHeader.of(buffer);
        mappings = readMappings(header.mappings());
        mapped = AddressRanges.of(mappings);
    }

    /** Reads the beginning of an export, up to the records. */
    static ExportReader open(ReadableByteChannel channel) throws IOException {
        return new ExportReader(channel);
    }

    ExportHeader header() {
        return header;
    }

    List<Mapping> mappings() {
        return mappings;
    }

    /** The addresses that are mapped. */
    AddressRanges mapped() {
        return mapped;
    }

    /** The number of pages whose content was handed out. */
    long pagesRead() {
        return pagesRead;
    }

    // ---- mappings

    private List<Mapping> readMappings(int count) throws IOException {
        List<Mapping> list = new ArrayList<>();
        CRC32C checksum = new CRC32C();
        long end = Mappings.LOWEST;
        for (int i = 0; i < count; i++) {
            read(MappingEntry.SIZE_BYTES, true);
            checksum.update(buffer.slice());
            Mapping mapping = mapping(end);
            list.add(mapping);
            end = mapping.end();
        }
        read(Integer.BYTES, true);
        require(buffer.getInt(0) == (int) checksum.getValue(), "the list of mappings is damaged");
        return list;
    }

    /** Returns the mapping in the buffer, which must lie behind an address. */
    private Mapping mapping(long behind) {
        long address = buffer.getLong();
        long sizeBytes = buffer.getLong();
        Protection protection = MappingEntry.protection(buffer.getInt());
        require(isRange(address, sizeBytes) && address >= behind, "a mapping has wrong addresses");
        if (protection == null) {
            throw damage("a mapping has an unknown protection");
        }
        return new Mapping(address, sizeBytes, protection);
    }

    private static boolean isRange(long address, long sizeBytes) {
        return ((address | sizeBytes) & Geometry.PAGE_BYTES - 1) == 0 && address >= 0 && sizeBytes > 0
                && sizeBytes <= Geometry.ADDRESS_LIMIT && address <= Geometry.ADDRESS_LIMIT - sizeBytes;
    }

    // ---- records

    /**
     * Reads the next record. After one of pages, {@link #content} has their bytes.
     *
     * @return a record whose pages lie in mapped addresses, behind those of the last one; of kind END at the end, when
     *         the whole was found to be right
     */
    RecordHeader next() throws IOException {
        read(RecordHeader.SIZE_BYTES, true);
        require(RecordHeader.isWhole(buffer), "the header of a record is damaged");
        RecordHeader record = RecordHeader.of(buffer);
        switch (record.kind()) {
            case RecordHeader.PAGE -> readPages(record);
            case RecordHeader.HOLE -> checkHole(record);
            case RecordHeader.END -> readEnd(record);
            default -> throw damage("the kind of a record is unknown");
        }
        return record;
    }

    private void readPages(RecordHeader record) throws IOException {
        require(record.pages() >= 1 && record.pages() <= RecordHeader.PAGES_MAX
                && record.pages() <= header.pages() - pagesRead, "a record has too many pages");
        checkPlace(record);
        int pages = (int) record.pages();
        int checksums = pages * Integer.BYTES;
        read(checksums, true);
        int[] expected = new int[pages];
        buffer.asIntBuffer().get(expected);
        read(pages << Geometry.PAGE_SHIFT, false);
        for (int page = 0; page < pages; page++) {
            int start = page << Geometry.PAGE_SHIFT;
            if (Checksums.ofPage(buffer, start) != expected[page]) {
                throw new InvalidExportException(position + start, "a page is damaged: address=0x"
                        + Long.toHexString(record.address() + start));
            }
        }
        pagesRead += pages;
    }

    private void checkHole(RecordHeader record) {
        require(header.base() != null, "a full export names empty pages");
        require(record.pages() >= 1 && record.pages() <= Geometry.ADDRESS_LIMIT >>> Geometry.PAGE_SHIFT,
                "a record has too many pages");
        checkPlace(record);
    }

    private void checkPlace(RecordHeader record) {
        long sizeBytes = record.pages() << Geometry.PAGE_SHIFT;
        require(isRange(record.address(), sizeBytes) && record.address() >= lastEnd
                && mapped.contain(record.address(), record.address() + sizeBytes), "a record has wrong addresses");
        lastEnd = record.address() + sizeBytes;
    }

    private void readEnd(RecordHeader record) throws IOException {
        require(record.address() == 0 && record.pages() == header.pages() && pagesRead == header.pages(),
                "pages are missing");
        int expected = (int) whole.getValue();
        read(RecordHeader.TAIL_BYTES, true);
        require(buffer.getInt(0) == expected, "the checksum of the whole is wrong");
        require(buffer.getLong(Integer.BYTES) == RecordHeader.END_MARK, "the end mark is wrong");
    }

    /** The bytes of the pages of the last record; to be read once. */
    ByteBuffer content() {
        return buffer;
    }

    /** Throws if the channel has another byte. */
    void requireEnd() throws IOException {
        position += length;
        buffer.clear().limit(1);
        require(channel.read(buffer) < 0, "bytes follow the end");
    }

    // ---- bytes

    /** Fills the buffer with so many bytes, and adds them to the checksum of the whole or does not. */
    private void read(int bytes, boolean isCounted) throws IOException {
        position += length;
        length = bytes;
        buffer.clear().limit(bytes);
        stall.begin();
        Stall.checkInterrupt();
        while (buffer.hasRemaining()) {
            int before = buffer.position();
            if (channel.read(buffer) < 0) {
                throw new InvalidExportException(position + buffer.position(), "it ends too early");
            }
            stall.moved(buffer.position() - before);
        }
        buffer.flip();
        if (isCounted) {
            whole.update(buffer.slice());
        }
    }

    private void require(boolean isRight, String otherwise) {
        if (!isRight) {
            throw damage(otherwise);
        }
    }

    private InvalidExportException damage(String why) {
        return new InvalidExportException(position, why);
    }
}
