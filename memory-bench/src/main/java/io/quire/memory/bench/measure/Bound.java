package io.quire.memory.bench.measure;

/**
 * A limit that a comparison has to satisfy.
 *
 * @param kind how ours and theirs form the ratio
 * @param times the limit of the ratio: at most this cost, or at least this speed; 0 if only our time is limited
 * @param allowanceNanos how many nanoseconds more ours may cost
 * @param label the bound as it is printed
 * @param ifMissed why the bound may be missed, in a sentence; empty if no reason is known
 */
public record Bound(Kind kind, double times, double allowanceNanos, String label, String ifMissed)
        implements Target {

    /** Returns the same bound with a reason, which is shown only if the bound is missed. */
    public Bound because(String reason) {
        return new Bound(kind, times, allowanceNanos, label, reason);
    }

    @Override
    public Bound bound() {
        return this;
    }

    /** Returns the ratio that the bound limits, from the medians. */
    public double ratio(Comparison measured) {
        return turned(measured.ours() / measured.theirs());
    }

    /** Returns the ratio for any quotient of ours and theirs: the quotient itself, or its inverse. */
    public double turned(double cost) {
        return kind == Kind.SPEED ? 1 / cost : cost;
    }

    /** Judges the medians. The verdict is uncertain if one of the quartiles contradicts it. */
    Verdict judge(Comparison measured) {
        if (kind == Kind.NONE) {
            return Verdict.NONE;
        }
        boolean met = isKept(measured.ours() / measured.theirs(), measured);
        Quartiles costs = kind == Kind.TIME ? measured.ourNanos().dividedBy(measured.theirs()) : measured.cost();
        boolean certain = met == isKept(costs.low(), measured) && met == isKept(costs.high(), measured);
        if (certain) {
            return met ? Verdict.MET : Verdict.MISSED;
        }
        return met ? Verdict.PERHAPS_MET : Verdict.PERHAPS_MISSED;
    }

    private boolean isKept(double cost, Comparison measured) {
        return kind == Kind.SPEED ? 1 / cost >= times : cost <= times + allowanceNanos / measured.theirs();
    }
}
