package io.quire.memory.bench.measure;

/**
 * One axis of a {@link Chart}.
 *
 * @param words what is on it, without the unit
 * @param unit what its numbers are
 * @param scale how far apart they lie
 */
public record Axis(String words, Unit unit, Scale scale) {

    /** What a number on an axis is. */
    public enum Unit { BYTES, NANOS, COUNT, PERCENT, PER_SECOND }

    /** How numbers become places. */
    public enum Scale { LINEAR, LOGARITHMIC }

    /** An axis on which ten times as much is one step. */
    public static Axis logarithmic(String words, Unit unit) {
        return new Axis(words, unit, Scale.LOGARITHMIC);
    }

    /** An axis that begins at zero. */
    public static Axis linear(String words, Unit unit) {
        return new Axis(words, unit, Scale.LINEAR);
    }
}
