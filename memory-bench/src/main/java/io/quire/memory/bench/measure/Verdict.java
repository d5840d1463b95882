package io.quire.memory.bench.measure;

/** What a measurement says about a target. */
public enum Verdict {

    /** Nothing was promised. */
    NONE("-"),
    MET("met"),
    MISSED("MISSED"),
    /** The medians say so, but too many of the rounds say otherwise. */
    PERHAPS_MET("met?"),
    /** As {@link #PERHAPS_MET}. */
    PERHAPS_MISSED("MISSED?"),
    NOT_MEASURED("not measured");

    private final String words;

    Verdict(String words) {
        this.words = words;
    }

    static Verdict of(boolean met) {
        return met ? MET : MISSED;
    }

    /** As it stands in a table. */
    public String words() {
        return words;
    }

    /** Whether the machine was too busy to tell. */
    public boolean isUncertain() {
        return this == PERHAPS_MET || this == PERHAPS_MISSED;
    }

    /** Whether a reason is owed. */
    public boolean isMissed() {
        return this == MISSED || this == PERHAPS_MISSED;
    }
}
