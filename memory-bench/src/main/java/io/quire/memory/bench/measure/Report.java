package io.quire.memory.bench.measure;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Collects what was measured, tells of it at once in a line, and at the end in one table. */
public final class Report {

    private static final String FORMAT = "%-52s %10s %10s %16s %18s  %s%n";

    private final PrintStream out;
    private final long start = System.nanoTime();
    private final List<Row> rows = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<Chart> charts = new ArrayList<>();
    private final boolean full;

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

    /** Adds a picture. */
    public void add(Chart chart) {
        charts.add(chart);
    }

    /** Says what is being done now, which may take some seconds. */
    public void progress(String what) {
        out.printf(Locale.ROOT, "%4d s  %s%n", (System.nanoTime() - start) / 1_000_000_000, what);
    }

    /** Adds a comparison. */
    public void add(String what, Target target, Comparison measured) {
        boolean promised = target.kind() != Target.Kind.NONE;
        add(new Row(what, Figures.nanos(measured.ours()), Figures.nanos(measured.theirs()),
                Figures.number(target.ratio(measured)) + String.format(Locale.ROOT, " +-%.0f%%",
                        100 * measured.spread()), target.toString(),
                !promised ? "-" : verdict(target.isMet(measured)) + (target.isCertain(measured) ? "" : "?")));
        if (promised && !target.isCertain(measured)) {
            note("too noisy to tell: " + what + " (half of the rounds lie on either side of the target)");
        }
    }

    /** Adds a figure that has no rival. */
    public void add(String what, String ours, String target, boolean met) {
        add(new Row(what, ours, "-", "-", target, verdict(met)));
    }

    /** Adds what could not be measured, and why. */
    public void missing(String what, Target target, String why) {
        add(new Row(what, "-", "-", "-", target.toString(), "not measured"));
        note(what + ": " + why);
    }

    /** Adds a line under the table. */
    public void note(String text) {
        notes.add(text);
    }

    /** Prints the table. */
    public void print() {
        out.println();
        out.printf(FORMAT, "what", "ours", "theirs", "ratio", "target", "");
        rows.forEach(this::print);
        out.println();
        out.println("A ratio under \">=\" is theirs / ours, else ours / theirs; +- is half the distance");
        out.println("of the quartiles of all rounds. After a verdict, \"?\": too busy to tell.");
        notes.forEach(out::println);
    }

    private void add(Row row) {
        rows.add(row);
        progress(row.what + ": " + row.ours + (row.theirs.equals("-") ? "" : ", " + row.theirs)
                + (row.ratio.equals("-") ? "" : ", ratio " + row.ratio) + ", " + row.verdict);
    }

    private void print(Row row) {
        out.printf(FORMAT, row.what, row.ours, row.theirs, row.ratio, row.target, row.verdict);
    }

    private static String verdict(boolean met) {
        return met ? "met" : "MISSED";
    }

    private record Row(String what, String ours, String theirs, String ratio, String target, String verdict) {
    }
}
