package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Axis;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * Maps the numbers of an axis to positions in a picture, and chooses the ticks.
 *
 * @param axis the axis
 * @param low the number at the beginning of the axis
 * @param high the number at the end of the axis
 * @param from the position of the beginning
 * @param to the position of the end
 * @param ticks the numbers that are written beside the axis, from low to high
 */
record Scale(Axis axis, double low, double high, double from, double to, List<Double> ticks) {

    private static final double KIBI = 1024;
    private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    private static final String[] NANO_UNITS = {"ns", "µs", "ms", "s"};
    private static final String[] COUNT_UNITS = {"", " k", " M", " G"};

    /** Numbers below this are written with all their digits. */
    private static final double WRITTEN_OUT = 100_000;

    /** Steps between ticks, in powers of two. With these, whole units such as 1 MiB and 1 GiB are among the ticks. */
    private static final int[] BINARY_STEPS = {1, 2, 5, 10, 20};
    private static final int[] ROUND = {1, 2, 5};

    /** A scale of more decades than this has only powers of ten as ticks. */
    private static final double FEW_DECADES = 2.5;

    /**
     * Makes a scale for some values. It begins and ends at round numbers.
     *
     * @param ticksMax how many ticks there is room for
     */
    static Scale of(Axis axis, DoubleStream values, double from, double to, int ticksMax) {
        var all = values.filter(value -> isShown(axis, value)).summaryStatistics();
        double least = all.getCount() == 0 ? 1 : all.getMin();
        double greatest = all.getCount() == 0 ? 1 : all.getMax();
        List<Double> ticks = switch (axis.scale()) {
            case LINEAR -> linear(axis, greatest > 0 ? greatest : 1, ticksMax);
            case LOGARITHMIC -> axis.unit() == Axis.Unit.BYTES ? binary(least, greatest) : decimal(least, greatest);
        };
        double low = ticks.getFirst();
        double high = ticks.getLast();
        return new Scale(axis, low, high, from, to, axis.scale() == Axis.Scale.LINEAR ? ticks
                : thinned(axis, ticks, ticksMax));
    }

    /** Returns true if the axis can show a number. */
    static boolean isShown(Axis axis, double value) {
        return Double.isFinite(value) && (axis.scale() == Axis.Scale.LINEAR || value > 0);
    }

    double place(double value) {
        double part = axis.scale() == Axis.Scale.LINEAR ? (value - low) / (high - low)
                : Math.log(value / low) / Math.log(high / low);
        return from + part * (to - from);
    }

    /** Formats a number with its unit. */
    String label(double value) {
        if (value == 0) {
            return "0";
        }
        return switch (axis.unit()) {
            case BYTES -> inUnits(value, KIBI, BYTE_UNITS, " ");
            case NANOS -> inUnits(value, 1000, NANO_UNITS, " ");
            case COUNT -> value < WRITTEN_OUT ? plain(value) : inUnits(value, 1000, COUNT_UNITS, "");
            case PERCENT -> plain(value) + " %";
            case PER_SECOND -> inUnits(value, 1000, COUNT_UNITS, "") + "/s";
        };
    }

    /** Returns ticks from zero in round steps. */
    private static List<Double> linear(Axis axis, double greatest, int ticksMax) {
        double unit = 1;
        if (axis.unit() == Axis.Unit.BYTES) {
            while (unit * KIBI <= greatest) {
                unit *= KIBI;
            }
        }
        double step = unit * roundUp(greatest / unit / Math.max(1, ticksMax - 1), axis.unit() == Axis.Unit.BYTES);
        List<Double> ticks = new ArrayList<>();
        for (int i = 0; ticks.isEmpty() || ticks.getLast() < greatest; i++) {
            ticks.add(i * step);
        }
        return ticks;
    }

    private static double roundUp(double least, boolean binary) {
        if (binary) {
            return Math.pow(2, Math.ceil(Math.log(least) / Math.log(2)));
        }
        double decade = Math.pow(10, Math.floor(Math.log10(least)));
        for (int digit : ROUND) {
            if (digit * decade >= least) {
                return digit * decade;
            }
        }
        return 10 * decade;
    }

    /** Returns every power of two around the values. */
    private static List<Double> binary(double least, double greatest) {
        List<Double> ticks = new ArrayList<>();
        for (double tick = Math.pow(2, Math.floor(Math.log(least) / Math.log(2)));
                ticks.size() < 2 || ticks.getLast() < greatest; tick *= 2) {
            ticks.add(tick);
        }
        return ticks;
    }

    /** Returns 1, 2, 5, 10, ... around the values. */
    private static List<Double> decimal(double least, double greatest) {
        List<Double> ticks = new ArrayList<>();
        for (int exponent = (int) Math.floor(Math.log10(least)); true; exponent++) {
            for (int digit : ROUND) {
                double tick = exponent < 0 ? digit / Math.pow(10, -exponent) : digit * Math.pow(10, exponent);
                if (tick <= least) {
                    ticks.clear();
                }
                ticks.add(tick);
                if (ticks.size() > 1 && tick >= greatest) {
                    return ticks;
                }
            }
        }
    }

    /** Returns the roundest of the ticks, as many as there is room for. */
    private static List<Double> thinned(Axis axis, List<Double> ticks, int ticksMax) {
        if (axis.unit() == Axis.Unit.BYTES) {
            int step = 0;
            while (step < BINARY_STEPS.length - 1 && ticks.size() > ticksMax * BINARY_STEPS[step]) {
                step++;
            }
            int exponents = BINARY_STEPS[step];
            return ticks.stream().filter(tick -> Math.getExponent(tick) % exponents == 0).toList();
        }
        boolean few = Math.log10(ticks.getLast() / ticks.getFirst()) <= FEW_DECADES && ticks.size() <= ticksMax;
        if (few) {
            return ticks;
        }
        List<Double> decades = ticks.stream().filter(Scale::isDecade).toList();
        int every = 1 + (decades.size() - 1) / ticksMax;
        return decades.stream().filter(tick -> Math.round(Math.log10(tick)) % every == 0).toList();
    }

    private static boolean isDecade(double tick) {
        double exponent = Math.log10(tick);
        return Math.abs(exponent - Math.rint(exponent)) < 1e-9;
    }

    private static String inUnits(double value, double factor, String[] units, String between) {
        int unit = 0;
        double rest = value;
        while (unit < units.length - 1 && Math.abs(rest) >= factor) {
            rest /= factor;
            unit++;
        }
        return plain(rest) + between + units[unit];
    }

    /** Formats a number with up to three digits, without trailing zeros. */
    private static String plain(double value) {
        if (value == Math.rint(value)) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        String digits = String.format(Locale.ROOT, Math.abs(value) < 1 ? "%.3f" : "%.2f", value);
        return digits.replaceFirst("0+$", "");
    }
}
