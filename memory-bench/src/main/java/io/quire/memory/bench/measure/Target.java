package io.quire.memory.bench.measure;

/**
 * What was promised of a comparison.
 *
 * @param kind which way round the ratio is
 * @param bound what the ratio must not exceed, or must reach
 * @param allowanceNanos what ours may cost on top
 */
public record Target(Kind kind, double bound, double allowanceNanos) {

    /** Measured for what it tells; nothing was promised. */
    public static final Target NONE = new Target(Kind.NONE, 0, 0);

    /** How ours and theirs are put in relation. */
    public enum Kind { NONE, COST, SPEED }

    /** Ours costs at most so many times what theirs costs. */
    public static Target atMost(double times) {
        return new Target(Kind.COST, times, 0);
    }

    /** Ours costs at most so many times what theirs costs, and so many nanoseconds more. */
    public static Target atMost(double times, double andNanos) {
        return new Target(Kind.COST, times, andNanos);
    }

    /** Ours is at least so many times as fast as theirs. */
    public static Target atLeast(double times) {
        return new Target(Kind.SPEED, times, 0);
    }

    /** The number the bound is about. */
    double ratio(Comparison measured) {
        return kind == Kind.SPEED ? measured.theirs() / measured.ours() : measured.ours() / measured.theirs();
    }

    boolean isMet(Comparison measured) {
        return isMet(measured.ours() / measured.theirs(), measured.theirs());
    }

    /** Whether half of the rounds say the same as the medians: if not, the machine was too busy to tell. */
    boolean isCertain(Comparison measured) {
        boolean metAtBest = isMet(measured.lowRatio(), measured.theirs());
        return metAtBest == isMet(measured.highRatio(), measured.theirs());
    }

    private boolean isMet(double cost, double theirNanos) {
        return switch (kind) {
            case NONE -> true;
            case COST -> cost <= bound + allowanceNanos / theirNanos;
            case SPEED -> 1 / cost >= bound;
        };
    }

    @Override
    public String toString() {
        return switch (kind) {
            case NONE -> "-";
            case COST -> "<= " + Figures.number(bound)
                    + (allowanceNanos > 0 ? " + " + Figures.nanos(allowanceNanos) : "");
            case SPEED -> ">= " + Figures.number(bound);
        };
    }
}
