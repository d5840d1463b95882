package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Axis;
import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Comparison;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Question;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Series;
import io.quire.memory.bench.measure.Series.Point;
import io.quire.memory.bench.measure.Target;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/** A small report with names that need escaping. */
final class SampleReport {

    static final Setting SETTING = new Setting("0123abc", true, Instant.parse("2026-01-02T03:04:05Z"), "25.0.1",
            "Some \"Vendor\"", "-Xmx1g -Dx=<y>", "A processor", 2, 8L << 30, "Linux 6.1 amd64", "madvise", 0.25);

    static final Chart CHART = new Chart("fork-by-size", "What does a <fork> cost?", "Ours & theirs.",
            Axis.logarithmic("resident", Axis.Unit.BYTES), Axis.logarithmic("a fork", Axis.Unit.NANOS),
            List.of(Series.ours("Quire", List.of(new Point(1 << 20, 170), new Point(1 << 30, 180))),
                    Series.theirs("Linux & <others>", List.of(new Point(1 << 20, 90e3), new Point(1 << 30, 17e6))),
                    Series.theirs("never > zero", List.of(new Point(1 << 20, 0)))));

    private SampleReport() {
    }

    static Report make() {
        Report report = new Report(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                false);
        report.begin(new Question("fork", "ForkTime"), 0);
        report.add("fork of 1 GiB resident", "Linux fork()", Promise.FORK_BESIDE_LINUX,
                Comparison.of(new double[] {100, 200, 300}, new double[] {2e6, 4e6, 6e6}));
        report.add("pin", "<one> exchange", Target.atMost(4).because("A pin & its stack."),
                Comparison.of(new double[] {50, 50, 50}, new double[] {10, 10, 10}));
        report.addFigure("heap", Promise.METADATA, "19.2 B", true);
        report.missing("map", "other", Target.NONE, "Error: <init> & more");
        report.add(CHART);
        return report;
    }
}
