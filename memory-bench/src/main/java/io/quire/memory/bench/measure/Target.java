package io.quire.memory.bench.measure;

/** What a row has to satisfy: nothing, a {@link Bound}, or a {@link Promise} of the library. */
public sealed interface Target permits Bound, Promise {

    /** How ours and theirs form a ratio. */
    enum Kind {

        /** There is no target. */
        NONE,
        /** Ours divided by theirs. */
        COST,
        /** Theirs divided by ours. */
        SPEED,
        /** Our time itself is limited. The ratio, ours divided by theirs, shows what the same takes elsewhere. */
        TIME,
        /** Nothing is timed, so there is no ratio. */
        FIGURE
    }

    /** No target: nothing was promised. */
    Target NONE = new Bound(Kind.NONE, 0, 0, "-", "");

    /** Ours costs at most this many times what theirs costs. */
    static Bound atMost(double times) {
        return new Bound(Kind.COST, times, 0, "<= " + Figures.number(times), "");
    }

    /** Ours costs at most this many times what theirs costs, plus some nanoseconds. */
    static Bound atMost(double times, double andNanos) {
        return new Bound(Kind.COST, times, andNanos,
                "<= " + Figures.number(times) + " + " + Figures.nanos(andNanos), "");
    }

    /** Ours is at least this many times as fast as theirs. */
    static Bound atLeast(double times) {
        return new Bound(Kind.SPEED, times, 0, ">= " + Figures.number(times), "");
    }

    /** Ours takes at most this long, whatever theirs takes. */
    static Bound atMostNanos(double nanos) {
        return new Bound(Kind.TIME, 0, nanos, "<= " + Figures.nanos(nanos), "");
    }

    /** Something is counted, not timed. The code that counts also judges the result, so the target is only words. */
    static Bound figure(String label) {
        return new Bound(Kind.FIGURE, 0, 0, label, "");
    }

    /** Returns the bound that has to be satisfied. */
    Bound bound();

    /** The kind of its ratio. */
    Kind kind();
}
