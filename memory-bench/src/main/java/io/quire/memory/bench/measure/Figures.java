package io.quire.memory.bench.measure;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** Formats numbers for people, with about three significant digits. */
public final class Figures {

    private Figures() {
    }

    /** Formats a time with its unit. */
    public static String nanos(double nanos) {
        if (nanos < 1e3) {
            return number(nanos) + " ns";
        }
        if (nanos < 1e6) {
            return number(nanos / 1e3) + " µs";
        }
        return nanos < 1e9 ? number(nanos / 1e6) + " ms" : number(nanos / 1e9) + " s";
    }

    /** Formats a number without a unit. */
    public static String number(double number) {
        if (number >= 100) {
            return String.format(Locale.ROOT, "%,.0f", number);
        }
        if (number >= 0.1 || number == 0) {
            return String.format(Locale.ROOT, number >= 10 ? "%.1f" : "%.2f", number);
        }
        return BigDecimal.valueOf(number).round(new MathContext(2)).toPlainString();
    }
}
