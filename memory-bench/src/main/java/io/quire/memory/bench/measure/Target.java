package io.quire.memory.bench.measure;

/** What a row has to satisfy: nothing, a bound of its own, or a {@link Promise} of the library. */
public sealed interface Target permits Bound, Promise {

    /** How ours and theirs are put in relation. */
    enum Kind {

        /** Not at all. */
        NONE,
        /** Ours divided by theirs. */
        COST,
        /** Theirs divided by ours. */
        SPEED,
        /** Nothing is timed. */
        FIGURE
    }

    /** Measured for what it tells; nothing was promised. */
    Target NONE = new Bound(Kind.NONE, 0, 0, "-", "");

    /** Ours costs at most so many times what theirs costs. */
    static Bound atMost(double times) {
        return new Bound(Kind.COST, times, 0, "<= " + Figures.number(times), "");
    }

    /** Ours costs at most so many times what theirs costs, and so many nanoseconds more. */
    static Bound atMost(double times, double andNanos) {
        return new Bound(Kind.COST, times, andNanos,
                "<= " + Figures.number(times) + " + " + Figures.nanos(andNanos), "");
    }

    /** Ours is at least so many times as fast as theirs. */
    static Bound atLeast(double times) {
        return new Bound(Kind.SPEED, times, 0, ">= " + Figures.number(times), "");
    }

    /** Something that is counted and not timed. The code that counts it also judges it, so the target is in words. */
    static Bound figure(String words) {
        return new Bound(Kind.FIGURE, 0, 0, words, "");
    }

    /** The bound that has to be satisfied. */
    Bound bound();

    /** Which way round its ratio is. */
    Kind kind();
}
