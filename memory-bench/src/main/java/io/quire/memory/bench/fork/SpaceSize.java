package io.quire.memory.bench.fork;

import io.quire.memory.Accessor;
import io.quire.memory.bench.fixture.Pages;

/** How large a space is that is forked. */
public enum SpaceSize {

    MIB_1(1L << 20, Pages.PAGE_BYTES),
    MIB_16(16L << 20, Pages.PAGE_BYTES),
    MIB_256(256L << 20, Pages.PAGE_BYTES),
    GIB_1(1L << 30, Pages.PAGE_BYTES),
    GIB_8(8L << 30, Pages.PAGE_BYTES),
    /** A page for every directory of the table in frames, so that the table has its full number of nodes. */
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

    /** How far two pages are apart that are in frames. */
    long strideBytes() {
        return strideBytes;
    }

    /** Whether all of the space is in frames. */
    boolean isResident() {
        return strideBytes == Pages.PAGE_BYTES;
    }

    /** How many pages are in frames. */
    int pages() {
        return (int) (mappedBytes / strideBytes);
    }

    /** Writes to every page that is to be in a frame. */
    void writePages(Accessor accessor, long address) {
        for (long at = 0; at < mappedBytes; at += strideBytes) {
            accessor.setLong(address + at, at);
        }
    }
}
