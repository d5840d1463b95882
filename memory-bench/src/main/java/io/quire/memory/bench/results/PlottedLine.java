package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Series;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A line of a chart as it is drawn.
 *
 * @param name the name of the series
 * @param points the points of the series that the axes can show
 * @param style how the line looks
 */
record PlottedLine(String name, List<Series.Point> points, Style style) {

    /** Returns all lines that have a point. Ours are last, so that no other line covers them. */
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
