package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Comparison;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Question;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Row;
import io.quire.memory.bench.measure.Verdict;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A report as one page of HTML that needs no other file, no script and no network. */
final class Page {

    private static final String LOOK = """
            * { box-sizing: border-box; }
            html { -webkit-text-size-adjust: 100%; }
            body { margin: 0 auto; padding: 24px 20px 64px; max-width: 1080px; background: var(--surface);
              color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
              "DejaVu Sans", sans-serif; }
            h1 { font-size: 30px; line-height: 1.2; margin: 8px 0; }
            h2 { font-size: 21px; margin: 44px 0 10px; }
            h3 { font-size: 16px; margin: 26px 0 4px; }
            p, li { max-width: 76ch; }
            .quiet, figcaption p { color: var(--quiet); }
            .score { font-size: 19px; margin: 4px 0 12px; }
            .warnings { border-left: 4px solid var(--unsure); background: var(--raised); padding: 8px 14px; }
            .warnings ul { margin: 4px 0; padding-left: 20px; }
            dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 0;
              background: var(--raised); padding: 12px 14px; font-size: 15px; }
            dt { color: var(--quiet); }
            dd { margin: 0; overflow-wrap: anywhere; }
            table { border-collapse: collapse; width: 100%; font-size: 14.5px; }
            th { text-align: left; font-weight: 600; color: var(--quiet); }
            th, td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
            .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
            .spread { color: var(--quiet); }
            .verdict { white-space: nowrap; font-weight: 600; }
            .met { color: var(--good); } .missed { color: var(--bad); } .unsure { color: var(--unsure); }
            .explained td { border-bottom: 0; padding-bottom: 0; }
            .reason td { color: var(--quiet); padding-top: 0; }
            code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 13.5px; }
            pre { background: var(--raised); padding: 8px 12px; overflow-x: auto; margin: 6px 0; }
            figure { margin: 28px 0 36px; }
            figcaption h3 { font-size: 18px; margin: 0; }
            figcaption p { margin: 2px 0 10px; font-size: 14.5px; }
            svg.chart { display: block; width: 100%; height: auto; }
            svg.wide { max-width: 860px; }
            svg.narrow { display: none; max-width: 480px; }
            @media (max-width: 640px) {
              body { padding: 12px 14px 48px; }
              h1 { font-size: 25px; }
              svg.wide { display: none; }
              svg.narrow { display: block; }
              dl { grid-template-columns: 1fr; gap: 0; }
              dd { margin-bottom: 6px; }
              thead { display: none; }
              table, tbody { display: block; }
              tr { display: flex; flex-wrap: wrap; column-gap: 14px; padding: 8px 0;
                border-bottom: 1px solid var(--grid); }
              td { border: 0; padding: 0; }
              tr.explained { border-bottom: 0; padding-bottom: 0; }
              tr.reason { padding-top: 0; }
              td:first-child { flex-basis: 100%; }
              td[data-label]::before { content: attr(data-label) " "; color: var(--quiet); font-weight: 400; }
            }
            """;

    private static final String METHOD = """
            <h2>How it is measured</h2>
            <p>Ours and the rival run by turns in one process, in short batches of a millisecond or more: ours,
            theirs, theirs, ours. Whatever else the machine does meets both. Rounds of the warm-up are thrown away.
            Times are the medians of all rounds, and a ratio is the quotient of the two medians. A quotient is also
            made of every round; ± is half the distance of its quartiles, as a part of their middle.</p>
            <p>A verdict is certain if the medians and both quartiles say the same. Otherwise it bears a question
            mark: the machine was too busy to tell, and the run should be repeated when it is quiet. There is a warning,
            too, if the first and the second half of the rounds are far from each other. Never compare a time with one
            of another run or another machine; compare ratios.</p>
            <p>Under “≥” a ratio is theirs divided by ours, under “≤” ours divided by theirs.</p>
            """;

    private final Setting setting;
    private final Report report;
    private final StringBuilder html = new StringBuilder();

    private Page(Setting setting, Report report) {
        this.setting = setting;
        this.report = report;
    }

    static String of(Setting setting, Report report) {
        return new Page(setting, report).write();
    }

    private String write() {
        html.append("""
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>Quire benchmarks</title>
                <style>
                """).append(Style.COLOURS).append(LOOK).append(Style.PICTURE).append("</style>\n</head>\n<body>\n");
        writeHead();
        writeWarnings();
        writePromises();
        writeCharts();
        writeRows();
        writeNotes();
        html.append(METHOD);
        writeCommands();
        return html.append("</body>\n</html>\n").toString();
    }

    private void writeHead() {
        long uncertain = verdicts(Verdict::isUncertain);
        html.append("<h1>Quire benchmarks</h1>\n<p class=\"score\">").append(verdicts(each -> each == Verdict.MET))
                .append(" of ").append(answered().count()).append(" promises met, ")
                .append(verdicts(each -> each == Verdict.MISSED)).append(" missed")
                .append(uncertain == 0 ? "" : ", " + uncertain + " too noisy to tell").append(".</p>\n<dl>\n");
        item("Machine", setting.processor() + ", " + setting.processors() + " processors, " + memory());
        item("System", setting.system() + ", huge pages: " + setting.hugePages());
        item("Java", setting.java() + ", " + setting.vendor());
        item("Flags", setting.flags().isEmpty() ? "none" : setting.flags());
        item("Commit", setting.commit() + (setting.modified() ? ", with changes that are not committed" : ""));
        item("Begun", setting.date() + ", load " + String.format(Locale.ROOT, "%.2f", setting.load())
                + (report.isFull() ? ", the full tour" : ", the quick tour"));
        html.append("</dl>\n");
    }

    private String memory() {
        return setting.memoryBytes() == 0 ? "memory " + Setting.UNKNOWN
                : String.format(Locale.ROOT, "%.1f GiB of memory", setting.memoryBytes() / (double) (1L << 30));
    }

    private void item(String name, String value) {
        html.append("<dt>").append(Markup.escaped(name)).append("</dt><dd>").append(Markup.escaped(value))
                .append("</dd>\n");
    }

    private void writeWarnings() {
        if (report.warnings().isEmpty()) {
            return;
        }
        html.append("<h2>Warnings</h2>\n<div class=\"warnings\">");
        writeList(report.warnings());
        html.append("</div>\n");
    }

    private void writePromises() {
        html.append("""
                <h2>What was promised</h2>
                <table>
                <thead><tr><th>promise</th><th class="number">target</th><th class="number">measured</th>
                <th class="number">ours</th><th class="number">theirs</th><th>verdict</th></tr></thead>
                <tbody>
                """);
        answered().forEach(promise -> {
            Row row = Objects.requireNonNull(report.answer(promise));
            open(row, promise.words());
            number("target", Markup.escaped(readable(promise.bound().words())));
            number("measured", measured(row));
            boolean compared = row.comparison() != null;
            number("ours", compared ? row.ours() : "");
            number("theirs", compared ? row.theirs() : "");
            close(row, 6);
        });
        html.append("</tbody>\n</table>\n");
    }

    private Stream<Promise> answered() {
        return Arrays.stream(Promise.values()).filter(promise -> report.answer(promise) != null);
    }

    private long verdicts(Predicate<Verdict> kind) {
        return answered().map(promise -> Objects.requireNonNull(report.answer(promise)).verdict()).filter(kind).count();
    }

    private void writeCharts() {
        if (report.charts().isEmpty()) {
            return;
        }
        html.append("<h2>Charts</h2>\n");
        for (Report.ChartOf picture : report.charts()) {
            Chart chart = picture.chart();
            html.append("<figure id=\"").append(Markup.escaped(chart.id())).append("\">\n<figcaption><h3>")
                    .append(Markup.escaped(chart.title())).append("</h3><p>").append(Markup.escaped(chart.caption()))
                    .append("</p></figcaption>\n").append(Picture.inPage(chart, true))
                    .append(Picture.inPage(chart, false)).append("</figure>\n");
        }
    }

    private void writeRows() {
        html.append("<h2>Everything that was measured</h2>\n");
        for (String question : questions()) {
            html.append("<h3>").append(Markup.escaped(question)).append("</h3>\n").append("""
                    <table>
                    <thead><tr><th>what</th><th>beside</th><th class="number">ours</th><th class="number">theirs</th>
                    <th class="number">ratio</th><th class="number">target</th><th>verdict</th></tr></thead>
                    <tbody>
                    """);
            report.rows().stream().filter(row -> row.question().name().equals(question)).forEach(this::write);
            html.append("</tbody>\n</table>\n");
        }
    }

    private void write(Row row) {
        Comparison compared = row.comparison();
        open(row, row.operation());
        html.append("<td data-label=\"beside\">").append(Markup.escaped(row.rival())).append("</td>");
        number("ours", Markup.escaped(row.ours()));
        number("theirs", Markup.escaped(row.theirs()));
        number("ratio", compared == null ? "-" : measured(row));
        number("target", Markup.escaped(readable(row.target().bound().words())));
        close(row, 7);
    }

    private void open(Row row, String words) {
        html.append(row.reason().isEmpty() ? "<tr>" : "<tr class=\"explained\">").append("<td>")
                .append(Markup.escaped(words)).append("</td>");
    }

    /** Ends a row, and says in another why its target is missed. */
    private void close(Row row, int columns) {
        verdict(row.verdict());
        html.append("</tr>\n");
        if (!row.reason().isEmpty()) {
            html.append("<tr class=\"reason\"><td colspan=\"").append(columns).append("\">")
                    .append(Markup.escaped(row.reason())).append("</td></tr>\n");
        }
    }

    private void writeNotes() {
        if (!report.notes().isEmpty()) {
            html.append("<h2>Notes</h2>\n");
            writeList(report.notes());
        }
    }

    private void writeList(List<String> items) {
        html.append("<ul>\n");
        items.forEach(text -> html.append("<li>").append(Markup.escaped(text)).append("</li>\n"));
        html.append("</ul>\n");
    }

    private void writeCommands() {
        html.append("""
                <h2>How to repeat it</h2>
                <pre>mvn -q -Pbench verify                  # every promise, in less than three minutes
                mvn -q -Pbench verify -Dbench.full     # every rival and every size</pre>
                <p>One question of it, or the same code under JMH, with a fresh JVM for each figure:</p>
                <pre>""");
        for (String question : questions()) {
            html.append("mvn -q -Pbench verify -Dbench.only=").append(Markup.escaped(question)).append('\n');
        }
        html.append("""
                mvn -q -Pbench verify -Dbench.args="RandomRead -f 1"</pre>
                <p class="quiet">docs/benchmarks.md tells which package and class answers which question.</p>
                """);
    }

    private List<String> questions() {
        return Stream.concat(report.rows().stream().map(Row::question),
                report.charts().stream().map(Report.ChartOf::question)).map(Question::name).distinct()
                .collect(Collectors.toList());
    }

    private void number(String label, String markup) {
        html.append("<td class=\"number\"").append(markup.isEmpty() ? "" : " data-label=\"" + label + "\"").append('>')
                .append(markup).append("</td>");
    }

    private void verdict(Verdict verdict) {
        String look = switch (verdict) {
            case MET -> "met";
            case MISSED -> "missed";
            case PERHAPS_MET, PERHAPS_MISSED, NOT_MEASURED -> "unsure";
            case NONE -> "quiet";
        };
        String words = switch (verdict) {
            case MET -> "✓ met";
            case MISSED -> "✗ missed";
            case PERHAPS_MET -> "met? too noisy";
            case PERHAPS_MISSED -> "missed? too noisy";
            case NOT_MEASURED -> "not measured";
            case NONE -> "";
        };
        html.append("<td class=\"verdict ").append(look).append("\">").append(words).append("</td>");
    }

    private static String measured(Row row) {
        return row.comparison() == null ? Markup.escaped(row.ours())
                : Markup.escaped(row.ratio()) + " <span class=\"spread\">" + Markup.escaped(row.spread()) + "</span>";
    }

    /** As it is printed on a screen that has every letter. */
    private static String readable(String bound) {
        return bound.replace("<=", "≤").replace(">=", "≥");
    }
}
