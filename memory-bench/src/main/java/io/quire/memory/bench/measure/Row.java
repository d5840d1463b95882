package io.quire.memory.bench.measure;

import org.jspecify.annotations.Nullable;

/**
 * What was measured, or could not be.
 *
 * @param question whose answer it is
 * @param what in words; those after the last comma are the rival, if there is a comparison
 * @param target what was promised
 * @param comparison ours and theirs, if both were timed
 * @param figure what was counted, if nothing was compared
 * @param verdict what it says about the target
 */
public record Row(Question question, String what, Target target, @Nullable Comparison comparison, String figure,
        Verdict verdict) {

    private static final String BEFORE_RIVAL = ", ";

    /** What ours is beside. */
    public String rival() {
        return hasRival() ? what.substring(rivalAt() + BEFORE_RIVAL.length()) : "-";
    }

    /** What is measured, without the rival. */
    public String operation() {
        return hasRival() ? what.substring(0, rivalAt()) : what;
    }

    /** What ours costs, or what was counted. */
    public String ours() {
        return comparison == null ? figure : Figures.nanos(comparison.ours());
    }

    /** What theirs costs. */
    public String theirs() {
        return comparison == null ? "-" : Figures.nanos(comparison.theirs());
    }

    /** The number that the target is about. */
    public String ratio() {
        return comparison == null ? "-" : Figures.number(target.bound().ratio(comparison));
    }

    /** How far one round is from another. */
    public String spread() {
        return comparison == null ? "" : "±" + Math.round(100 * comparison.spread()) + " %";
    }

    /** Why the target is missed, if it is and somebody has said; or else empty. */
    public String reason() {
        return verdict.isMissed() ? target.bound().ifMissed() : "";
    }

    private boolean hasRival() {
        return comparison != null && rivalAt() >= 0;
    }

    private int rivalAt() {
        return what.lastIndexOf(BEFORE_RIVAL);
    }
}
