package io.quire.memory.bench.evict;

import io.quire.memory.bench.fixture.Zipf;
import java.util.Arrays;
import java.util.List;

/** Traces that are computed, not recorded. They are the same each time, and free to use. */
final class SyntheticTraces {

    private static final int ACCESSES = 1_000_000;
    private static final int PAGES = 50_000;

    private SyntheticTraces() {
    }

    static List<Trace> all() {
        return List.of(zipf(), shiftingZipf(), zipfAndScans(), loop());
    }

    /** Zipf's law: the k-th page is used 1/k as often as the first. */
    static Trace zipf() {
        return Trace.of("zipf", new Zipf(PAGES, 1).draw(ACCESSES));
    }

    /** Like zipf, but other pages become popular five times on the way. */
    static Trace shiftingZipf() {
        long[] keys = new Zipf(PAGES, 2).draw(6 * 200_000);
        for (int at = 0; at < keys.length; at++) {
            keys[at] = (keys[at] + at / 200_000L * 8_000) % PAGES;
        }
        return Trace.of("zipf, shifting", keys);
    }

    /**
     * Like zipf, but a fifth of the accesses are scans of a table of 40,000 other pages, a quarter of the table at a
     * time.
     */
    static Trace zipfAndScans() {
        long[] keys = new Zipf(PAGES, 3).draw(ACCESSES);
        int scanned = 0;
        for (int at = 0; at < keys.length; at++) {
            if (at % 50_000 < 10_000) {
                keys[at] = PAGES + scanned % 40_000L;
                scanned++;
            }
        }
        return Trace.of("zipf and scans", keys);
    }

    /** Uses the same 1,011 pages over and over. */
    static Trace loop() {
        long[] keys = new long[200_000];
        Arrays.setAll(keys, at -> at % 1_011);
        return Trace.of("loop", keys);
    }
}
