package io.quire.memory.bench.fork;

import io.quire.memory.Accessor;
import io.quire.memory.bench.fixture.Pages;

/** The size of the space that is forked. */
public enum SpaceSize {

    MIB_1(1L << 20, Pages.PAGE_BYTES),
    MIB_16(16L << 20, Pages.PAGE_BYTES),
    MIB_256(256L << 20, Pages.PAGE_BYTES),
    GIB_1(1L << 30, Pages.PAGE_BYTES),
    GIB_8(8L << 30, Pages.PAGE_BYTES),
    /** One resident page for every directory of the table, so that all directories exist. */
    GIB_64(64L << 30, 16L << 20);

    private final long mappedBytes;
    private final long strideBytes;

    SpaceSize(long mappedBytes, long strideBytes) {
        this.mappedBytes = mappedBytes;
        this.strideBytes = strideBytes;
    }

    long mappedBytes() {
        return mappedBytes;
    }

    /** Returns the distance between two resident pages. */
    long strideBytes() {
        return strideBytes;
    }

    /** Returns true if all pages are resident. */
    boolean isResident() {
        return strideBytes == Pages.PAGE_BYTES;
    }

    /** Returns the number of resident pages. */
    int pages() {
        return (int) (mappedBytes / strideBytes);
    }

    /** Writes to every page that should be resident. */
    void writePages(Accessor accessor, long address) {
        for (long at = 0; at < mappedBytes; at += strideBytes) {
            accessor.setLong(address + at, at);
        }
    }
}
