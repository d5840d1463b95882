package io.quire.memory.bench.measure;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Collects what was measured, tells of it at once in a line, and at the end in two tables. */
public final class Report {

    private static final String PROMISES = "%-71s %16s  %-16s %s%n";
    private static final String ROWS = "%-58s %10s %10s %17s %17s  %s%n";

    /** Halves of a run that differ by more were not measured on the same machine, so to say. */
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

    /**
     * A picture and whose it is.
     *
     * @param question who was asked
     * @param chart the answer
     */
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

    /** Whether there is time for every rival and every size; if not, what a target needs and one picture of it. */
    public boolean isFull() {
        return full;
    }

    /**
     * Says whose answers follow.
     *
     * @param before what part of the time all questions take is over
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

    /**
     * Adds a comparison.
     *
     * @param what the operation, and after the last comma the rival
     */
    public void add(String what, Target target, Comparison measured) {
        Row row = new Row(question, what, target, measured, "-", target.bound().judge(measured));
        add(row);
        if (row.verdict() != Verdict.NONE) {
            warnOfNoise(row, measured);
        }
    }

    /** Adds a figure that has no rival. */
    public void add(String what, Target target, String figure, boolean met) {
        add(new Row(question, what, target, null, figure, Verdict.of(met)));
    }

    /** Adds a figure that has no rival, and a target that only it has. */
    public void add(String what, String figure, String target, boolean met) {
        add(what, Target.figure(target), figure, met);
    }

    /** Adds a picture. */
    public void add(Chart chart) {
        charts.add(new ChartOf(question, chart));
    }

    /** Adds what could not be measured, and why. */
    public void missing(String what, Target target, String why) {
        add(new Row(question, what, target, null, "-", Verdict.NOT_MEASURED));
        note(what + ": " + why);
    }

    /** Adds a line under the tables. */
    public void note(String text) {
        notes.add(text);
    }

    /** Adds a line that is said before anything else: why not to trust a figure. */
    public void warn(String text) {
        warnings.add(text);
    }

    /** Everything that was added, in that order. */
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

    /** What no row answers. */
    public Set<Promise> unanswered() {
        Set<Promise> open = EnumSet.allOf(Promise.class);
        rows.forEach(row -> open.remove(row.target()));
        return open;
    }

    /** All pictures, in the order in which they were added. */
    public List<ChartOf> charts() {
        return List.copyOf(charts);
    }

    /** Why not to trust a figure. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** Lines under the tables. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /** Prints the promises, the other rows, and the lines under them. */
    public void print() {
        out.println();
        out.printf(PROMISES, "promise", "target", "measured", "");
        for (Promise promise : Promise.values()) {
            Row row = answer(promise);
            if (row != null) {
                print(promise, row);
            }
        }
        if (!others().isEmpty()) {
            out.println();
            out.printf(ROWS, "also measured", "ours", "theirs", "ratio", "target", "");
            others().forEach(this::print);
        }
        out.println();
        out.println("A ratio under \">=\" is theirs / ours, else ours / theirs; ± is half the distance");
        out.println("of the quartiles of all rounds. \"?\" after a verdict: too busy to tell.");
        notes.forEach(out::println);
        warnings.forEach(text -> out.println("WARNING: " + text));
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

    private void print(Promise promise, Row row) {
        String measured = row.comparison() == null ? row.ours() : row.ratio() + " " + row.spread();
        out.printf(PROMISES, promise.words(), promise.bound().words(), measured, row.verdict().words());
        if (!row.reason().isEmpty()) {
            out.println("    " + row.reason());
        }
    }

    private void print(Row row) {
        String ratio = row.comparison() == null ? "-" : row.ratio() + " " + row.spread();
        out.printf(ROWS, row.what(), row.ours(), row.theirs(), ratio, row.target().bound().words(),
                row.verdict().words());
        if (!row.reason().isEmpty()) {
            out.println("    " + row.reason());
        }
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
