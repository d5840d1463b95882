package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Row;
import io.quire.memory.bench.measure.Verdict;

/** Rows as tables of HTML: one of the promises, and one of everything that was measured. */
final class RowTables {

    private static final String END = "</tbody>\n</table>\n";

    private final StringBuilder html = new StringBuilder();

    private RowTables() {
    }

    /** A row that answers a promise. */
    record Answer(Promise promise, Row row) {
    }

    static String ofPromises(Iterable<Answer> answers) {
        RowTables table = new RowTables();
        table.html.append("""
                <table>
                <thead><tr><th>promise</th><th class="number">target</th><th class="number">measured</th>
                <th class="number">ours</th><th class="number">theirs</th><th>verdict</th></tr></thead>
                <tbody>
                """);
        answers.forEach(table::add);
        return table.html.append(END).toString();
    }

    static String ofRows(Iterable<Row> rows) {
        RowTables table = new RowTables();
        table.html.append("""
                <table>
                <thead><tr><th>what</th><th>beside</th><th class="number">ours</th><th class="number">theirs</th>
                <th class="number">ratio</th><th class="number">target</th><th>verdict</th></tr></thead>
                <tbody>
                """);
        rows.forEach(table::add);
        return table.html.append(END).toString();
    }

    private void add(Answer answer) {
        Row row = answer.row();
        boolean compared = row.comparison() != null;
        open(row, answer.promise().label());
        number("target", target(row));
        number("measured", measured(row));
        number("ours", compared ? Markup.escaped(row.ours()) : "");
        number("theirs", compared ? Markup.escaped(row.theirs()) : "");
        close(row, 6);
    }

    private void add(Row row) {
        open(row, row.operation());
        html.append("<td data-label=\"beside\">").append(Markup.escaped(row.rival())).append("</td>");
        number("ours", Markup.escaped(row.ours()));
        number("theirs", Markup.escaped(row.theirs()));
        number("ratio", row.comparison() == null ? "-" : ratio(row));
        number("target", target(row));
        close(row, 7);
    }

    private void open(Row row, String label) {
        html.append(row.reason().isEmpty() ? "<tr>" : "<tr class=\"explained\">").append("<td>")
                .append(Markup.escaped(label)).append("</td>");
    }

    private void number(String label, String markup) {
        html.append("<td class=\"number\"").append(markup.isEmpty() ? "" : " data-label=\"" + label + "\"").append('>')
                .append(markup).append("</td>");
    }

    /** Ends a row, and adds a second one that says why the target is missed. */
    private void close(Row row, int columns) {
        html.append("<td class=\"verdict ").append(look(row.verdict())).append("\">").append(label(row.verdict()))
                .append("</td></tr>\n");
        if (!row.reason().isEmpty()) {
            html.append("<tr class=\"reason\"><td colspan=\"").append(columns).append("\">")
                    .append(Markup.escaped(row.reason())).append("</td></tr>\n");
        }
    }

    private static String measured(Row row) {
        if (row.comparison() == null) {
            return Markup.escaped(row.ours());
        }
        return (row.isTimeLimited() ? Markup.escaped(row.ours()) + ", " : "") + ratio(row);
    }

    private static String ratio(Row row) {
        return Markup.escaped(row.ratio()) + " <span class=\"spread\">" + Markup.escaped(row.spread()) + "</span>";
    }

    /** Returns the target with signs that a console may not have. */
    private static String target(Row row) {
        return Markup.escaped(row.target().bound().label().replace("<=", "≤").replace(">=", "≥"));
    }

    private static String look(Verdict verdict) {
        return switch (verdict) {
            case MET -> "met";
            case MISSED -> "missed";
            case PERHAPS_MET, PERHAPS_MISSED, NOT_MEASURED -> "unsure";
            case NONE -> "quiet";
        };
    }

    private static String label(Verdict verdict) {
        return switch (verdict) {
            case MET -> "✓ met";
            case MISSED -> "✗ missed";
            case PERHAPS_MET -> "met? too noisy";
            case PERHAPS_MISSED -> "missed? too noisy";
            case NOT_MEASURED -> "not measured";
            case NONE -> "";
        };
    }
}
