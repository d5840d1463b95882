package io.quire.memory.fault;

import io.quire.memory.table.Geometry;

/**
 * The pages that a write touches, each once, and where they are while the write goes on. Not thread-safe.
 */
public final class WritePages {

    private final long[] addresses;
    private final long[] offsets;
    private int count;

    /** Makes room for some pages. */
    public WritePages(int capacity) {
        addresses = new long[capacity];
        offsets = new long[capacity];
    }

    /** The pages of a range, in ascending order. */
    public static WritePages ofRange(long address, long sizeBytes) {
        long start = Geometry.pageStart(address);
        int pages = (int) ((address - start + sizeBytes + Geometry.PAGE_BYTES - 1) >>> Geometry.PAGE_SHIFT);
        WritePages range = new WritePages(pages);
        range.add(address);
        for (int i = 1; i < pages; i++) {
            range.add(start + ((long) i << Geometry.PAGE_SHIFT));
        }
        return range;
    }

    /** Adds the page of an address. An exception names this address, and not the start of the page. */
    public void add(long address) {
        addresses[count++] = address;
    }

    /** Forgets all pages but the first few. */
    public void truncate(int pages) {
        count = pages;
    }

    /** Forgets all pages. */
    public void clear() {
        count = 0;
    }

    public int count() {
        return count;
    }

    /** An address in a page: the one with which it was added. */
    public long address(int page) {
        return addresses[page];
    }

    /** Where a page begins. */
    public long offset(int page) {
        return offsets[page];
    }

    /** Notes where a page begins. */
    public void setOffset(int page, long offset) {
        offsets[page] = offset;
    }

    /** Returns the page behind the last one of a run: pages that were added one after the other and lie side by side. */
    int endOfRun(int first) {
        int end = first + 1;
        while (end < count
                && Geometry.pageStart(addresses[end]) - Geometry.pageStart(addresses[end - 1]) == Geometry.PAGE_BYTES) {
            end++;
        }
        return end;
    }
}
