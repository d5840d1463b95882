package io.quire.memory.transfer;

import io.quire.memory.table.Geometry;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The checksum of an export: CRC-32C. */
final class Checksums {

    private Checksums() {
    }

    /** The checksum of some bytes of a buffer. */
    static int of(ByteBuffer buffer, int start, int sizeBytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(buffer.slice(start, sizeBytes));
        return (int) checksum.getValue();
    }

    /** The checksum of a page that begins at some byte of a buffer. */
    static int ofPage(ByteBuffer buffer, int start) {
        return of(buffer, start, Geometry.PAGE_BYTES);
    }
}
