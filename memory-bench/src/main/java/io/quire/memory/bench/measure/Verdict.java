package io.quire.memory.bench.measure;

/** What a measurement says about a target. */
public enum Verdict {

    /** Nothing was promised. */
    NONE("-"),
    MET("met"),
    MISSED("MISSED"),
    /** The medians meet the target, but a quarter of the rounds or more do not. */
    PERHAPS_MET("met?"),
    /** The medians miss the target, but a quarter of the rounds or more meet it. */
    PERHAPS_MISSED("MISSED?"),
    NOT_MEASURED("not measured");

    private final String label;

    Verdict(String label) {
        this.label = label;
    }

    static Verdict of(boolean met) {
        return met ? MET : MISSED;
    }

    /** Returns the verdict as tables show it. */
    public String label() {
        return label;
    }

    /** Returns true if the rounds vary too much for a clear verdict. */
    public boolean isUncertain() {
        return this == PERHAPS_MET || this == PERHAPS_MISSED;
    }

    /** Returns true if the target is missed, so that a reason has to be given. */
    public boolean isMissed() {
        return this == MISSED || this == PERHAPS_MISSED;
    }
}
