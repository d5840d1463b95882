package io.quire.memory;

import io.quire.memory.table.Geometry;

/** Checks and rounds addresses and sizes. */
final class Ranges {

    private Ranges() {
    }

    /** Throws if no page begins at an address. */
    static long wholePage(long address) {
        if (Geometry.pageOffset(address) != 0) {
            throw new IllegalArgumentException("the address must be a multiple of " + Geometry.PAGE_BYTES
                    + ": address=0x" + Long.toHexString(address));
        }
        return address;
    }

    /** Rounds a size up to whole pages. */
    static long wholePages(long sizeBytes) {
        return Geometry.pageStart(Math.addExact(sizeBytes, Geometry.PAGE_BYTES - 1));
    }

    /** Throws if a size is not 1 to 2^47 bytes. */
    static long positive(long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes > Geometry.ADDRESS_LIMIT) {
            throw new IllegalArgumentException("a range must have 1 to 2^47 bytes: sizeBytes=" + sizeBytes);
        }
        return sizeBytes;
    }

    /** Throws if a size is negative. */
    static long notNegative(long sizeBytes) {
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("a size cannot be negative: sizeBytes=" + sizeBytes);
        }
        return sizeBytes;
    }

    /** Returns how many pages a size takes, for an operation that handles each page by itself. */
    static int pages(long sizeBytes) {
        long pages = wholePages(positive(sizeBytes)) >>> Geometry.PAGE_SHIFT;
        if (pages > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("one call handles at most " + (Integer.MAX_VALUE - 8)
                    + " pages: sizeBytes=" + sizeBytes);
        }
        return (int) pages;
    }
}
