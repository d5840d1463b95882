package io.quire.memory.bench.allocate;

import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.ResidentSpace;
import io.quire.memory.bench.measure.Figures;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;

/**
 * How much heap does a page take?
 * <p>
 * Expected: 16.7 bytes for a resident page of one space. Its entry in a leaf, 8.4 (65 words and a header for
 * 64 pages); its share of a directory, 0.1 (two lists of 64 references for 4,096 pages); the word of its
 * frame, 8; the bits and counts of the allocator, 0.1. A page that a second space has too takes another 8.5
 * there, once one of them has written nearby.
 * <p>
 * Linux keeps 8 bytes in the page table and 64 in the record of the page.
 */
public final class Metadata {

    private static final long SIZE_BYTES = 2L << 30;
    private static final double BYTES_MAX = 24;
    private static final double PERCENT_MAX = 1;

    private Metadata() {
    }

    /** Adds the row to the table: used heap with and without a large space, after collecting garbage. */
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
                + Figures.number(withAccessor - bytes) + " bytes for each while it is open; at most 2 MiB.");
    }

    private static double bytesPerPage(long before) {
        return (double) (usedHeap() - before) / (SIZE_BYTES / Pages.PAGE_BYTES);
    }

    private static long usedHeap() {
        for (int i = 0; i < 3; i++) {
            System.gc(); // once more for what the last one found unreachable only through references
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
