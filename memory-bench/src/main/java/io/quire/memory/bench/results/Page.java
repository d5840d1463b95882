package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Question;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Row;
import io.quire.memory.bench.measure.Verdict;
import io.quire.memory.bench.results.RowTables.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A report as one page of HTML that needs no other file, no script and no network. */
final class Page {

    private final Setting setting;
    private final Report report;
    private final List<Answer> answers = new ArrayList<>();
    private final StringBuilder html = new StringBuilder();

    private Page(Setting setting, Report report) {
        this.setting = setting;
        this.report = report;
        for (Promise promise : Promise.values()) {
            Row row = report.answer(promise);
            if (row != null) {
                answers.add(new Answer(promise, row));
            }
        }
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
                """).append(Markup.file("colours.css")).append(Markup.file("page.css"))
                .append(Markup.file("picture.css")).append("</style>\n</head>\n<body>\n");
        writeHead();
        writeWarnings();
        html.append("<h2>Promises</h2>\n").append(RowTables.ofPromises(answers));
        writeCharts();
        writeRows();
        writeNotes();
        html.append(Markup.file("method.html"));
        writeCommands();
        return html.append("</body>\n</html>\n").toString();
    }

    private void writeHead() {
        long uncertain = verdicts(Verdict::isUncertain);
        html.append("<h1>Quire benchmarks</h1>\n<p class=\"score\">").append(verdicts(each -> each == Verdict.MET))
                .append(" of ").append(answers.size()).append(" promises met, ")
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

    private long verdicts(Predicate<Verdict> kind) {
        return answers.stream().map(answer -> answer.row().verdict()).filter(kind).count();
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
        if (!report.warnings().isEmpty()) {
            html.append("<h2>Warnings</h2>\n<div class=\"warnings\">");
            writeList(report.warnings());
            html.append("</div>\n");
        }
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
        html.append("<h2>All results</h2>\n");
        for (String question : questions()) {
            List<Row> rows = report.rows().stream().filter(row -> row.question().name().equals(question)).toList();
            html.append("<h3>").append(Markup.escaped(question)).append("</h3>\n").append(RowTables.ofRows(rows));
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
                <pre>mvn -q -Pbench verify                  # every promise, in some three minutes
                mvn -q -Pbench verify -Dbench.full     # every rival and every size</pre>
                <p>To answer one question, or to run the same code under JMH with a fresh JVM for each figure:</p>
                <pre>""");
        for (String question : questions()) {
            html.append("mvn -q -Pbench verify -Dbench.only=").append(Markup.escaped(question)).append('\n');
        }
        html.append("""
                mvn -q -Pbench verify -Dbench.args="RandomRead -f 1"</pre>
                <p class="quiet">docs/benchmarks.md says which package and class answers which question.</p>
                """);
    }

    private List<String> questions() {
        return Stream.concat(report.rows().stream().map(Row::question),
                report.charts().stream().map(Report.ChartOf::question)).map(Question::name).distinct().toList();
    }
}
