package io.quire.memory;

import io.quire.memory.table.Geometry;

/** What an address and a size have to look like. */
final class Ranges {

    private Ranges() {
    }

    /** Refuses an address that no page begins at. */
    static long wholePage(long address) {
        if (Geometry.pageOffset(address) != 0) {
            throw new IllegalArgumentException("an address of whole pages is a multiple of " + Geometry.PAGE_BYTES
                    + ": address=0x" + Long.toHexString(address));
        }
        return address;
    }

    /** Rounds a size up to whole pages. */
    static long wholePages(long sizeBytes) {
        return Geometry.pageStart(Math.addExact(sizeBytes, Geometry.PAGE_BYTES - 1));
    }

    /** Refuses a size that no range has. */
    static long positive(long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes > Geometry.ADDRESS_LIMIT) {
            throw new IllegalArgumentException("a range has 1 to 2^47 bytes: sizeBytes=" + sizeBytes);
        }
        return sizeBytes;
    }

    /** Refuses a size below zero. */
    static long notNegative(long sizeBytes) {
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("a size cannot be negative: sizeBytes=" + sizeBytes);
        }
        return sizeBytes;
    }

    /** How many pages a size takes, of an operation that handles each by itself. */
    static int pages(long sizeBytes) {
        long pages = wholePages(positive(sizeBytes)) >>> Geometry.PAGE_SHIFT;
        if (pages > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("at most " + (Integer.MAX_VALUE - 8)
                    + " pages are handled in one call: sizeBytes=" + sizeBytes);
        }
        return (int) pages;
    }
}
