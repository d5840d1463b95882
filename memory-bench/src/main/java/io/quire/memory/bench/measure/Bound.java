package io.quire.memory.bench.measure;

/**
 * What a comparison must satisfy.
 *
 * @param kind which way round the ratio is
 * @param times what the ratio must not exceed, or must reach
 * @param allowanceNanos what ours may cost on top
 * @param words the bound as people read it
 * @param ifMissed why it may be missed, in a sentence; empty if no reason is known
 */
public record Bound(Kind kind, double times, double allowanceNanos, String words, String ifMissed)
        implements Target {

    /** The same with a reason, which is shown only if the bound is missed. */
    public Bound because(String reason) {
        return new Bound(kind, times, allowanceNanos, words, reason);
    }

    @Override
    public Bound bound() {
        return this;
    }

    /** The number the bound is about, made of the medians. */
    public double ratio(Comparison measured) {
        return turned(measured.ours() / measured.theirs());
    }

    /** The same of another quotient of ours and theirs. */
    public double turned(double cost) {
        return kind == Kind.SPEED ? 1 / cost : cost;
    }

    /** Judges the medians. The verdict is uncertain if one of the quartiles says otherwise. */
    Verdict judge(Comparison measured) {
        if (kind == Kind.NONE) {
            return Verdict.NONE;
        }
        boolean met = isKept(measured.ours() / measured.theirs(), measured);
        boolean certain = met == isKept(measured.cost().low(), measured)
                && met == isKept(measured.cost().high(), measured);
        if (certain) {
            return met ? Verdict.MET : Verdict.MISSED;
        }
        return met ? Verdict.PERHAPS_MET : Verdict.PERHAPS_MISSED;
    }

    private boolean isKept(double cost, Comparison measured) {
        return kind == Kind.SPEED ? 1 / cost >= times : cost <= times + allowanceNanos / measured.theirs();
    }
}
