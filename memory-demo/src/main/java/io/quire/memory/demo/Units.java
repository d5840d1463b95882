package io.quire.memory.demo;

import java.util.Locale;

/** Formats numbers for people. */
final class Units {

    /** The size of a page and of a frame. */
    static final long PAGE_BYTES = 4096;

    private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final String[] NANOS = {"ns", "us", "ms", "s"};
    private static final int BYTES_STEP = 1024;
    private static final int NANOS_STEP = 1000;

    private Units() {
    }

    /** Formats a number as 1,234,567. */
    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** Formats bytes as 96.4 MiB. */
    static String bytes(long number) {
        return scaled(number, BYTES_STEP, BYTES);
    }

    /** Formats a time as 870 ns, 12.3 us, 1.2 ms or 20.1 s. */
    static String duration(long nanos) {
        return scaled(nanos, NANOS_STEP, NANOS);
    }

    /** Formats a share as 12.3 %, or as a dash if the whole is 0. */
    static String percent(long part, long whole) {
        return whole == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * part / whole);
    }

    private static String scaled(long number, int step, String[] units) {
        double scaled = number;
        int unit = 0;
        // What would be printed as 1000.0 or 1024.0 is printed as 1.0 of the next unit.
        while (scaled >= step - 0.05 && unit < units.length - 1) {
            scaled /= step;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", scaled, units[unit]);
    }
}
