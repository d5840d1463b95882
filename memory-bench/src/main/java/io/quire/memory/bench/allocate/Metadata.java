package io.quire.memory.bench.allocate;

import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.ResidentSpace;
import io.quire.memory.bench.measure.Figures;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;

/**
 * How much heap does the library need for a page?
 * <p>
 * Expected: 16.7 bytes for a resident page of one space. They are 8.4 for its entry in a leaf (65 words and a header
 * for 64 pages), 0.1 for its share of a directory (two lists of 64 references for 4,096 pages), 8 for the word of its
 * frame, and 0.1 for the bits and counts of the allocator. If two spaces share the page, the second takes 8.5 more once
 * one of them has written nearby.
 * <p>
 * Linux needs 8 bytes in the page table and 64 in the {@code struct page}.
 */
public final class Metadata {

    private static final long SIZE_BYTES = 2L << 30;
    private static final double BYTES_MAX = 24;
    private static final double PERCENT_MAX = 1;

    private Metadata() {
    }

    /**
     * Adds the row to the table: the heap in use with a large space, less that without it, both after a full
     * collection.
     */
    public static void answer(Report report) {
        report.progress("heap of 2 GiB resident ...");
        long before = usedHeap();
        ResidentSpace resident = ResidentSpace.of(SIZE_BYTES);
        double withAccessor = bytesPerPage(before);
        resident.accessor().close();
        double bytes = bytesPerPage(before);
        resident.close();
        double percent = 100 * bytes / Pages.PAGE_BYTES;
        report.addFigure("heap for each resident page", Promise.METADATA,
                Figures.number(percent) + " %, " + Figures.number(bytes) + " B",
                bytes <= BYTES_MAX && percent <= PERCENT_MAX);
        report.note("Heap: an accessor that has used all of these pages adds "
                + Figures.number(withAccessor - bytes)
                + " bytes for each page while it is open, and at most 2 MiB in all.");
    }

    private static double bytesPerPage(long before) {
        return (double) (usedHeap() - before) / (SIZE_BYTES / Pages.PAGE_BYTES);
    }

    private static long usedHeap() {
        for (int i = 0; i < 3; i++) {
            System.gc(); // again: some objects become free only after a reference to them was cleared
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
