package io.quire.memory.bench.measure;

/**
 * One axis of a {@link Chart}.
 *
 * @param label what the axis shows, without the unit
 * @param unit the unit of its numbers
 * @param scale linear or logarithmic
 */
public record Axis(String label, Unit unit, Scale scale) {

    /** The unit of the numbers on an axis. */
    public enum Unit { BYTES, NANOS, COUNT, PERCENT, PER_SECOND }

    /** Says how an axis turns numbers into positions. */
    public enum Scale { LINEAR, LOGARITHMIC }

    /** Makes an axis on which equal distances are equal factors. */
    public static Axis logarithmic(String label, Unit unit) {
        return new Axis(label, unit, Scale.LOGARITHMIC);
    }

    /** Makes a linear axis, which begins at zero. */
    public static Axis linear(String label, Unit unit) {
        return new Axis(label, unit, Scale.LINEAR);
    }
}
