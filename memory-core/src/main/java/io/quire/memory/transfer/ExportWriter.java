package io.quire.memory.transfer;

import io.quire.memory.AddressSpace;
import io.quire.memory.Mapping;
import io.quire.memory.table.Geometry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Writes one export to a channel, through a buffer that holds one record of the largest size or many small ones. Pages
 * are copied into the buffer, so a channel that is slow keeps no page in place, and a checksum is that of the bytes
 * that are sent. Serves one thread once.
 */
final class ExportWriter {

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(RecordHeader.sizeBytes(RecordHeader.PAGES_MAX));
    private final CRC32C whole = new CRC32C();
    private final WritableByteChannel channel;
    private final TransferProgress progress;
    private final Stall stall = new Stall("the channel of an export");

    private long sizeBytes;

    ExportWriter(WritableByteChannel channel, TransferProgress progress) {
        this.channel = channel;
        this.progress = progress;
    }

    /**
     * Writes a whole export.
     *
     * @param source a copy of the space that nobody changes, and whose pages may be read
     * @param mappings with the protections that the space has
     * @return the number of bytes
     */
    long write(ExportHeader header, List<Mapping> mappings, ExportPlan plan, AddressSpace source) throws IOException {
        header.put(buffer);
        checksum(0);
        writeMappings(mappings);
        progress.transferred(0, header.pages());
        writeRuns(plan.runs(), source, header.pages());
        writeEnd(header.pages());
        return sizeBytes;
    }

    private void writeMappings(List<Mapping> mappings) throws IOException {
        CRC32C list = new CRC32C();
        for (Mapping mapping : mappings) {
            int start = begin(MappingEntry.SIZE_BYTES);
            MappingEntry.put(mapping, buffer);
            list.update(buffer.slice(start, MappingEntry.SIZE_BYTES));
            checksum(start);
        }
        int start = begin(Integer.BYTES);
        buffer.putInt((int) list.getValue());
        checksum(start);
    }

    private void writeRuns(PageRuns runs, AddressSpace source, long total) throws IOException {
        long done = 0;
        for (int run = 0; run < runs.count(); run++) {
            long pages = (runs.end(run) - runs.start(run)) >>> Geometry.PAGE_SHIFT;
            if (!runs.is(run)) {
                writeHeader(RecordHeader.HOLE, runs.start(run), pages);
                continue;
            }
            for (long first = 0; first < pages; first += RecordHeader.PAGES_MAX) {
                int count = (int) Math.min(pages - first, RecordHeader.PAGES_MAX);
                writePages(source, runs.start(run) + (first << Geometry.PAGE_SHIFT), count);
                done += count;
                progress.transferred(done, total);
            }
        }
    }

    private void writePages(AddressSpace source, long address, int pages) throws IOException {
        int start = begin(RecordHeader.sizeBytes(pages));
        new RecordHeader(RecordHeader.PAGE, address, pages).put(buffer);
        int checksums = buffer.position();
        int content = checksums + pages * Integer.BYTES;
        int end = content + (pages << Geometry.PAGE_SHIFT);
        buffer.limit(end).position(content);
        source.copyTo(address, buffer);
        for (int page = 0; page < pages; page++) {
            buffer.putInt(checksums + page * Integer.BYTES,
                    Checksums.ofPage(buffer, content + (page << Geometry.PAGE_SHIFT)));
        }
        buffer.clear().position(content);
        checksum(start);
        buffer.position(end);
    }

    private void writeEnd(long pages) throws IOException {
        writeHeader(RecordHeader.END, 0, pages);
        begin(RecordHeader.TAIL_BYTES);
        buffer.putInt((int) whole.getValue()).putLong(RecordHeader.END_MARK);
        flush();
    }

    private void writeHeader(int kind, long address, long pages) throws IOException {
        int start = begin(RecordHeader.SIZE_BYTES);
        new RecordHeader(kind, address, pages).put(buffer);
        checksum(start);
    }

    /** Makes room in the buffer for some bytes, and returns where they begin. */
    private int begin(int bytes) throws IOException {
        if (buffer.remaining() < bytes) {
            flush();
        }
        return buffer.position();
    }

    /** Adds what was put into the buffer since some position to the checksum of the whole. */
    private void checksum(int start) {
        whole.update(buffer.slice(start, buffer.position() - start));
    }

    private void flush() throws IOException {
        buffer.flip();
        stall.begin();
        Stall.checkInterrupt();
        while (buffer.hasRemaining()) {
            int before = buffer.position();
            channel.write(buffer);
            sizeBytes += buffer.position() - before;
            stall.moved(buffer.position() - before);
        }
        buffer.clear();
    }
}
