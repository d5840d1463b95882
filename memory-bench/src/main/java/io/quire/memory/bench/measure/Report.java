package io.quire.memory.bench.measure;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Collects what was measured, and prints a line about it at once and tables at the end. */
public final class Report {

    /** If the two halves of a run differ by more than this part, something has changed during the run. */
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

    /** A picture and the question that it answers. */
    public record ChartOf(Question question, Chart chart) {
    }

    /**
     * An empty report.
     *
     * @param full whether there is time for every rival and every size
     */
    public Report(PrintStream out, boolean full) {
        this.out = out;
        this.full = full;
    }

    /** Whether there is time for every rival and every size. If not, measure what a target needs, and one picture. */
    public boolean isFull() {
        return full;
    }

    /**
     * Says which question is answered from now on.
     *
     * @param before the part of the time for all questions that is over
     */
    public void begin(Question asked, double before) {
        question = asked;
        partDone = before;
    }

    /** Says what is being done now, which may take some seconds. */
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

    /** Adds a picture. */
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

    /** All rows, in the order in which they were added. */
    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** The row that answers a promise; null if there is none. */
    public @Nullable Row answer(Promise promise) {
        return rows.stream().filter(row -> row.target() == promise).findAny().orElse(null);
    }

    /** Rows that answer no promise. */
    public List<Row> others() {
        return rows.stream().filter(row -> !(row.target() instanceof Promise)).toList();
    }

    /** Promises that no row answers. */
    public Set<Promise> unanswered() {
        Set<Promise> open = EnumSet.allOf(Promise.class);
        rows.forEach(row -> open.remove(row.target()));
        return open;
    }

    /** All pictures, in the order in which they were added. */
    public List<ChartOf> charts() {
        return List.copyOf(charts);
    }

    /** Warnings not to trust a figure. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** Lines under the tables. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /** Prints two tables, and the lines under them. */
    public void print() {
        Tables.print(this, out);
    }

    private void add(Row row) {
        if (row.target() instanceof Promise promise && answer(promise) != null) {
            throw new IllegalStateException("a promise is answered once: promise=" + promise + ", row=" + row.what());
        }
        rows.add(row);
        progress(row.what() + ": " + row.ours() + (row.comparison() == null ? ""
                : ", " + row.theirs() + ", ratio " + row.ratio() + " " + row.spread())
                + (row.verdict() == Verdict.NONE ? "" : ", " + row.verdict().words()));
    }

    private void warnOfNoise(Row row, Comparison measured) {
        Bound bound = row.target().bound();
        if (row.verdict().isUncertain()) {
            double low = bound.turned(measured.cost().low());
            double high = bound.turned(measured.cost().high());
            warn("Too noisy to tell: " + row.what() + ". The target is " + bound.words()
                    + "; a quarter of the rounds lie below " + Figures.number(Math.min(low, high))
                    + " and a quarter above " + Figures.number(Math.max(low, high)) + ".");
        }
        if (measured.drift() > STEADY_DRIFT) {
            warn("Something changed on the way: " + row.what() + ". The first half of the rounds says "
                    + Figures.number(bound.turned(measured.earlyCost())) + ", the second "
                    + Figures.number(bound.turned(measured.lateCost())) + ".");
        }
    }
}
