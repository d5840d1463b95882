package io.quire.memory.bench.measure;

import org.jspecify.annotations.Nullable;

/**
 * One result, or something that could not be measured.
 *
 * @param question the question that it answers
 * @param operation what was measured, in words
 * @param rival the rival, in words; {@value #NO_RIVAL} if there is none
 * @param target what was promised
 * @param comparison the times of ours and theirs; null if they were not timed
 * @param figure what was counted, if nothing was compared
 * @param verdict what the result says about the target
 */
public record Row(Question question, String operation, String rival, Target target, @Nullable Comparison comparison,
        String figure, Verdict verdict) {

    /** Stands for no rival. */
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

    /** Returns the operation and, if there is one, its rival. */
    public String what() {
        return rival.equals(NO_RIVAL) ? operation : operation + ", " + rival;
    }

    /** Returns our cost, or what was counted. */
    public String ours() {
        return comparison == null ? figure : Figures.nanos(comparison.ours());
    }

    /** Returns the cost of the rival. */
    public String theirs() {
        return comparison == null ? NO_FIGURE : Figures.nanos(comparison.theirs());
    }

    /** Returns the ratio that the target limits. */
    public String ratio() {
        return comparison == null ? NO_FIGURE : Figures.number(target.bound().ratio(comparison));
    }

    /** Returns what was measured: what was counted, or our time if that is limited, and the ratio with its spread. */
    public String measured() {
        if (comparison == null) {
            return figure;
        }
        return (isTimeLimited() ? ours() + ", " : "") + ratio() + " " + spread();
    }

    /** Returns true if the target limits our time and not the ratio. */
    public boolean isTimeLimited() {
        return target.bound().kind() == Target.Kind.TIME;
    }

    /** Returns how much the rounds vary. */
    public String spread() {
        return comparison == null ? "" : "±" + Math.round(100 * comparison.spread()) + " %";
    }

    /** Returns why the target is missed; empty if it is met, or if no reason is known. */
    public String reason() {
        return verdict.isMissed() ? target.bound().ifMissed() : "";
    }
}
