package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Series;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A line of a chart.
 *
 * @param name of the series
 * @param points those of the series that the axes have a place for
 * @param style how it looks
 */
record PlottedLine(String name, List<Series.Point> points, Style style) {

    /** All lines that have a point, ours last, so that nothing covers them. */
    static List<PlottedLine> all(Chart chart) {
        List<PlottedLine> lines = new ArrayList<>();
        int ours = 0;
        int theirs = 0;
        for (Series series : chart.series()) {
            List<Series.Point> points = series.points().stream()
                    .filter(point -> Scale.isShown(chart.x(), point.x()) && Scale.isShown(chart.y(), point.y()))
                    .toList();
            int index = series.side() == Series.Side.OURS ? ours++ : theirs++;
            if (!points.isEmpty()) {
                lines.add(new PlottedLine(series.name(), points, new Style(series.side(), index)));
            }
        }
        lines.sort(Comparator.comparing((PlottedLine line) -> line.style().side()).reversed());
        return lines;
    }

    Series.Point first() {
        return points.getFirst();
    }

    Series.Point last() {
        return points.getLast();
    }
}
