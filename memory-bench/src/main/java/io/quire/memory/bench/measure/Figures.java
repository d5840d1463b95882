package io.quire.memory.bench.measure;

import java.util.Locale;

/** Numbers as people read them: three digits that mean something. */
public final class Figures {

    private Figures() {
    }

    /** A time with its unit. */
    public static String nanos(double nanos) {
        if (nanos < 1e3) {
            return number(nanos) + " ns";
        }
        return nanos < 1e6 ? number(nanos / 1e3) + " us" : number(nanos / 1e6) + " ms";
    }

    /** A number without a unit. */
    public static String number(double number) {
        if (number >= 100) {
            return String.format(Locale.ROOT, "%,.0f", number);
        }
        return String.format(Locale.ROOT, number >= 10 ? "%.1f" : "%.2f", number);
    }
}
