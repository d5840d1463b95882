package io.quire.memory.bench.measure;

import java.io.PrintStream;

/** Prints a report: a table of the promises, a table of all other rows, and the lines under them. */
final class Tables {

    private static final String PROMISES = "%-71s %16s  %-19s %s%n";
    private static final String ROWS = "%-58s %10s %10s %17s %17s  %s%n";

    private final Report report;
    private final PrintStream out;

    private Tables(Report report, PrintStream out) {
        this.report = report;
        this.out = out;
    }

    static void print(Report report, PrintStream out) {
        Tables tables = new Tables(report, out);
        tables.printPromises();
        tables.printOthers();
        tables.printLines();
    }

    private void printPromises() {
        out.println();
        out.printf(PROMISES, "promise", "target", "measured", "");
        for (Promise promise : Promise.values()) {
            Row row = report.answer(promise);
            if (row != null) {
                out.printf(PROMISES, promise.label(), promise.bound().label(), row.measured(),
                        row.verdict().label());
                printReason(row);
            }
        }
    }

    private void printOthers() {
        if (report.others().isEmpty()) {
            return;
        }
        out.println();
        out.printf(ROWS, "also measured", "ours", "theirs", "ratio", "target", "");
        for (Row row : report.others()) {
            String ratio = row.comparison() == null ? "-" : row.ratio() + " " + row.spread();
            out.printf(ROWS, row.what(), row.ours(), row.theirs(), ratio, row.target().bound().label(),
                    row.verdict().label());
            printReason(row);
        }
    }

    private void printReason(Row row) {
        if (!row.reason().isEmpty()) {
            out.println("    " + row.reason());
        }
    }

    private void printLines() {
        out.println();
        out.println("A ratio under \">=\" is theirs / ours, else ours / theirs; ± is half the distance");
        out.println("of the quartiles of all rounds. A verdict with \"?\" is uncertain: the rounds vary too much.");
        report.notes().forEach(out::println);
        report.warnings().forEach(text -> out.println("WARNING: " + text));
    }
}
