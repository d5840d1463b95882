package io.quire.memory.bench.results;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import io.quire.memory.bench.measure.Axis;
import io.quire.memory.bench.measure.Bound;
import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Comparison;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Quartiles;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Row;
import io.quire.memory.bench.measure.Series;
import io.quire.memory.bench.measure.Verdict;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A report as lines of JSON, one for each row and each point of a chart. Each line also says where it was measured, so
 * lines of many runs can be put into one file. Fields that do not apply are left out.
 */
final class JsonLines {

    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping()
            .registerTypeAdapter(Instant.class,
                    (JsonSerializer<Instant>) (date, type, context) -> new JsonPrimitive(date.toString()))
            .create();

    private JsonLines() {
    }

    /** The line of a row. */
    private record RowLine(String kind, Setting setting, String question, String answerer, String what, String rival,
            @Nullable Quartiles oursNanos, @Nullable Quartiles theirsNanos, @Nullable Double ratio,
            @Nullable Quartiles ratioOfRounds, @Nullable Double spread, @Nullable Double drift, @Nullable String figure,
            @Nullable Promise promise, String target, Verdict verdict, @Nullable String reason) {
    }

    /** The line of a point of a chart. */
    private record PointLine(String kind, Setting setting, String question, String answerer, String chart,
            String series, Series.Side side, String xWords, Axis.Unit xUnit, double x, String yWords, Axis.Unit yUnit,
            double y) {
    }

    /** Returns all lines, the rows first. */
    static List<String> of(Setting setting, Report report) {
        List<String> lines = new ArrayList<>();
        report.rows().forEach(row -> lines.add(line(setting, row)));
        for (Report.ChartOf picture : report.charts()) {
            Chart chart = picture.chart();
            for (Series series : chart.series()) {
                for (Series.Point point : series.points()) {
                    lines.add(JSON.toJson(new PointLine("point", setting, picture.question().name(),
                            picture.question().answerer(), chart.id(), series.name(), series.side(), chart.x().label(),
                            chart.x().unit(), point.x(), chart.y().label(), chart.y().unit(), point.y())));
                }
            }
        }
        return lines;
    }

    private static String line(Setting setting, Row row) {
        Comparison measured = row.comparison();
        Bound bound = row.target().bound();
        return JSON.toJson(new RowLine("row", setting, row.question().name(), row.question().answerer(),
                row.operation(), row.rival(), measured == null ? null : measured.ourNanos(),
                measured == null ? null : measured.theirNanos(), measured == null ? null : bound.ratio(measured),
                measured == null ? null : ratios(bound, measured), measured == null ? null : measured.spread(),
                measured == null ? null : measured.drift(), measured == null ? row.ours() : null,
                row.target() instanceof Promise promise ? promise : null, bound.label(), row.verdict(),
                row.reason().isEmpty() ? null : row.reason()));
    }

    /** Returns the quartiles of the ratio that the target limits. */
    private static Quartiles ratios(Bound bound, Comparison measured) {
        double low = bound.turned(measured.cost().low());
        double high = bound.turned(measured.cost().high());
        return new Quartiles(Math.min(low, high), bound.turned(measured.cost().median()), Math.max(low, high));
    }
}
