package io.quire.memory.bench.measure;

import org.jspecify.annotations.Nullable;

/**
 * What was measured, or could not be.
 *
 * @param question whose answer it is
 * @param operation what was measured, in words
 * @param rival what it was or was to be compared with, in words; {@value #NO_RIVAL} if with nothing
 * @param target what was promised
 * @param comparison ours and theirs, if both were timed
 * @param figure what was counted, if nothing was compared
 * @param verdict what it says about the target
 */
public record Row(Question question, String operation, String rival, Target target, @Nullable Comparison comparison,
        String figure, Verdict verdict) {

    /** Stands for a rival where there is none. */
    public static final String NO_RIVAL = "-";

    private static final String NO_FIGURE = "-";

    static Row compared(Question question, String operation, String rival, Target target, Comparison comparison) {
        return new Row(question, operation, rival, target, comparison, NO_FIGURE, target.bound().judge(comparison));
    }

    static Row counted(Question question, String operation, Target target, String figure, boolean met) {
        return new Row(question, operation, NO_RIVAL, target, null, figure, Verdict.of(met));
    }

    static Row missing(Question question, String operation, String rival, Target target) {
        return new Row(question, operation, rival, target, null, NO_FIGURE, Verdict.NOT_MEASURED);
    }

    /** The operation and its rival, if there is one. */
    public String what() {
        return rival.equals(NO_RIVAL) ? operation : operation + ", " + rival;
    }

    /** What ours costs, or what was counted. */
    public String ours() {
        return comparison == null ? figure : Figures.nanos(comparison.ours());
    }

    /** What theirs costs. */
    public String theirs() {
        return comparison == null ? NO_FIGURE : Figures.nanos(comparison.theirs());
    }

    /** The number that the target is about. */
    public String ratio() {
        return comparison == null ? NO_FIGURE : Figures.number(target.bound().ratio(comparison));
    }

    /** How far one round is from another. */
    public String spread() {
        return comparison == null ? "" : "±" + Math.round(100 * comparison.spread()) + " %";
    }

    /** Why the target is missed; empty if it is met, or if no reason is known. */
    public String reason() {
        return verdict.isMissed() ? target.bound().ifMissed() : "";
    }
}
