package io.quire.memory.bench.measure;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Collects what is measured. Prints a line at once for each result, and tables at the end. */
public final class Report {

    /** If the halves of a run differ by more than this fraction, something changed during the run. */
    private static final double STEADY_DRIFT = 0.15;

    private final PrintStream out;
    private final long start = System.nanoTime();
    private final List<Row> rows = new ArrayList<>();
    private final List<ChartOf> charts = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final boolean full;

    private Question question = Question.NONE;
    private double partDone;

    /** A chart and the question that it answers. */
    public record ChartOf(Question question, Chart chart) {
    }

    /**
     * Creates an empty report.
     *
     * @param full true if there is time for every rival and every size
     */
    public Report(PrintStream out, boolean full) {
        this.out = out;
        this.full = full;
    }

    /**
     * Returns true if there is time for every rival and every size. If not, measure only what the targets need, and one
     * chart.
     */
    public boolean isFull() {
        return full;
    }

    /**
     * Begins a question: what is added from now on belongs to it.
     *
     * @param before which fraction of the time for all questions has passed
     */
    public void begin(Question asked, double before) {
        question = asked;
        partDone = before;
    }

    /** Prints what is being measured now, because it may take some seconds. */
    public void progress(String what) {
        out.printf(Locale.ROOT, "%4d s %3.0f %%  %s%n", (System.nanoTime() - start) / 1_000_000_000, 100 * partDone,
                what);
    }

    /** Adds a comparison of an operation of ours with that of a rival. */
    public void add(String operation, String rival, Target target, Comparison measured) {
        Row row = Row.compared(question, operation, rival, target, measured);
        add(row);
        if (row.verdict() != Verdict.NONE) {
            warnOfNoise(row, measured);
        }
    }

    /** Adds a figure that has no rival. */
    public void addFigure(String operation, Target target, String figure, boolean met) {
        add(Row.counted(question, operation, target, figure, met));
    }

    /** Adds a chart. */
    public void add(Chart chart) {
        charts.add(new ChartOf(question, chart));
    }

    /** Adds what could not be measured, and why. */
    public void missing(String operation, String rival, Target target, String why) {
        Row row = Row.missing(question, operation, rival, target);
        add(row);
        note(row.what() + ": " + why);
    }

    /** Adds a line under the tables. */
    public void note(String text) {
        notes.add(text);
    }

    /** Adds a warning not to trust a figure. */
    public void warn(String text) {
        warnings.add(text);
    }

    /** Returns all rows, in the order in which they were added. */
    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** Returns the row that answers a promise; null if there is none. */
    public @Nullable Row answer(Promise promise) {
        return rows.stream().filter(row -> row.target() == promise).findAny().orElse(null);
    }

    /** Returns the rows that answer no promise. */
    public List<Row> others() {
        return rows.stream().filter(row -> !(row.target() instanceof Promise)).toList();
    }

    /** Returns the promises that no row answers. */
    public Set<Promise> unanswered() {
        Set<Promise> open = EnumSet.allOf(Promise.class);
        rows.forEach(row -> open.remove(row.target()));
        return open;
    }

    /** Returns all charts, in the order in which they were added. */
    public List<ChartOf> charts() {
        return List.copyOf(charts);
    }

    /** Returns the warnings not to trust a figure. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** Returns the lines under the tables. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /** Prints two tables, and the lines under them. */
    public void print() {
        Tables.print(this, out);
    }

    private void add(Row row) {
        if (row.target() instanceof Promise promise && answer(promise) != null) {
            throw new IllegalStateException("a promise already has a row: promise=" + promise + ", row=" + row.what());
        }
        rows.add(row);
        progress(row.what() + ": " + row.ours() + (row.comparison() == null ? ""
                : ", " + row.theirs() + ", ratio " + row.ratio() + " " + row.spread())
                + (row.verdict() == Verdict.NONE ? "" : ", " + row.verdict().label()));
    }

    private void warnOfNoise(Row row, Comparison measured) {
        Bound bound = row.target().bound();
        if (row.verdict().isUncertain()) {
            warn("Too noisy to tell: " + row.what() + ". The target is " + bound.label()
                    + "; a quarter of the rounds lie " + quarters(bound, measured) + ".");
        }
        if (measured.drift() > STEADY_DRIFT) {
            warn("Something changed on the way: " + row.what() + ". The first half of the rounds says "
                    + Figures.number(bound.turned(measured.earlyCost())) + ", the second "
                    + Figures.number(bound.turned(measured.lateCost())) + ".");
        }
    }

    private static String quarters(Bound bound, Comparison measured) {
        if (bound.kind() == Target.Kind.TIME) {
            return "below " + Figures.nanos(measured.ourNanos().low()) + " and a quarter above "
                    + Figures.nanos(measured.ourNanos().high());
        }
        double low = bound.turned(measured.cost().low());
        double high = bound.turned(measured.cost().high());
        return "below " + Figures.number(Math.min(low, high)) + " and a quarter above "
                + Figures.number(Math.max(low, high));
    }
}
