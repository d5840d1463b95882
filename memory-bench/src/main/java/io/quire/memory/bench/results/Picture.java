package io.quire.memory.bench.results;

import static io.quire.memory.bench.results.Svg.LETTER;
import static io.quire.memory.bench.results.Svg.TEXT_LINE;

import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Series;
import java.util.List;

/**
 * A chart as SVG. Text stays text, there is no script, and the colours follow the reader's choice of light or dark. A
 * wide picture has the name of each line at its end; a narrow one, for a phone, lists the names above.
 */
final class Picture {

    private static final int WIDE = 760;
    private static final int NARROW = 360;
    private static final int PADDING = 16;

    private static final int TITLE_LINE = 23;

    /** The widths of a letter of the title and of a letter beside a tick. */
    private static final double TITLE_LETTER = 9;
    private static final double TICK_LETTER = 6.6;

    /** The distance between two ticks at which their labels stay apart. */
    private static final int TICK_DISTANCE_X = 78;
    private static final int TICK_DISTANCE_Y = 38;

    /** The distance between two marks of a line with many points. */
    private static final double MARK_DISTANCE = 26;

    /** A line with more points has no dashes, because they would look like dips. */
    private static final int DENSE = 60;

    private final Chart chart;
    private final boolean alone;
    private final boolean wide;
    private final int width;
    private final List<PlottedLine> lines;
    private final LineNames names;
    private final Svg svg = new Svg();

    private Scale x;
    private Scale y;

    @SuppressWarnings("NullAway.Init") // the scales are made when the room for the plot is known
    private Picture(Chart chart, boolean alone, boolean wide) {
        this.chart = chart;
        this.alone = alone;
        this.wide = wide;
        width = wide ? WIDE : NARROW;
        lines = PlottedLine.all(chart);
        names = new LineNames(lines, svg);
    }

    /** Returns a picture for a file of its own, with title, caption and colours. */
    static String alone(Chart chart) {
        return new Picture(chart, true, true).draw();
    }

    /**
     * Returns a picture for a page that has the title and the colours: a wide one for screens, or a narrow one for
     * phones.
     */
    static String inPage(Chart chart, boolean wide) {
        return new Picture(chart, false, wide).draw();
    }

    private String draw() {
        int top = alone ? drawTitle() : 0;
        if (!wide) {
            top = names.drawAbove(PADDING, top, width - 2 * PADDING);
        }
        double plotTop = top + (wide ? 34 : 30);
        double plotBottom = plotTop + (wide ? 300 : 240);
        y = Scale.of(chart.y(), lines.stream().flatMap(line -> line.points().stream())
                .mapToDouble(Series.Point::y), plotBottom, plotTop, (int) (plotBottom - plotTop) / TICK_DISTANCE_Y);
        double left = PADDING + widestTick() + 6;
        double right = width - (wide ? names.width() + 2 * PADDING + 12 : PADDING + 8);
        x = Scale.of(chart.x(), lines.stream().flatMap(line -> line.points().stream())
                .mapToDouble(Series.Point::x), left, right, (int) (right - left) / TICK_DISTANCE_X);
        svg.text("words", PADDING, plotTop - 18, "start", chart.y().label());
        drawAxes();
        svg.text("words", (left + right) / 2, plotBottom + 44, "middle", chart.x().label());
        lines.forEach(this::draw);
        if (wide) {
            names.drawBeside(x, y);
        }
        return opening((int) plotBottom + 56) + svg + "</svg>\n";
    }

    private double widestTick() {
        return y.ticks().stream().mapToInt(tick -> y.label(tick).length()).max().orElse(0) * TICK_LETTER;
    }

    private String opening(int height) {
        String id = chart.id() + (alone ? "" : wide ? "-wide" : "-narrow");
        String opening = """
                <svg xmlns="http://www.w3.org/2000/svg" class="chart %s" viewBox="0 0 %d %d" role="img" \
                aria-labelledby="%s-title %s-desc">
                <title id="%s-title">%s</title>
                <desc id="%s-desc">%s</desc>
                """.formatted(wide ? "wide" : "narrow", width, height, id, id, id, Markup.escaped(chart.title()), id,
                Markup.escaped(description()));
        return alone ? opening + "<style>\n" + Markup.file("colours.css") + Markup.file("picture.css") + "</style>\n"
                + "<rect width=\"100%\" height=\"100%\" fill=\"var(--surface)\"/>\n" : opening;
    }

    /** Describes the picture in words, for readers who do not see it. */
    private String description() {
        StringBuilder words = new StringBuilder(chart.caption());
        for (PlottedLine line : lines) {
            words.append(' ').append(line.name()).append(": ").append(y.label(line.first().y())).append(" at ")
                    .append(x.label(line.first().x())).append(", ").append(y.label(line.last().y())).append(" at ")
                    .append(x.label(line.last().x())).append('.');
        }
        return words.toString();
    }

    private int drawTitle() {
        int at = PADDING;
        for (String words : Svg.wrapped(chart.title(), (width - 2 * PADDING) / TITLE_LETTER)) {
            at += TITLE_LINE;
            svg.text("title", PADDING, at - 6, "start", words);
        }
        for (String words : Svg.wrapped(chart.caption(), (width - 2 * PADDING) / LETTER)) {
            at += TEXT_LINE;
            svg.text("caption", PADDING, at - 2, "start", words);
        }
        return at + 6;
    }

    private void drawAxes() {
        double left = x.from();
        double right = x.to();
        double bottom = y.from();
        for (double tick : y.ticks()) {
            svg.line("grid", left, y.place(tick), right, y.place(tick));
            svg.text("tick", left - 8, y.place(tick) + 4, "end", y.label(tick));
        }
        for (double tick : x.ticks()) {
            svg.line("axis", x.place(tick), bottom, x.place(tick), bottom + 5);
            svg.text("tick", x.place(tick), bottom + 20, "middle", x.label(tick));
        }
        svg.line("axis", left, bottom, right, bottom);
    }

    private void draw(PlottedLine line) {
        boolean dense = line.points().size() > DENSE;
        svg.open(line.style().classes() + (dense ? " dense" : ""));
        svg.path(line.style(), line.points().stream()
                .map(point -> new double[] {x.place(point.x()), y.place(point.y())}).toList());
        double marked = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < line.points().size(); i++) {
            Series.Point point = line.points().get(i);
            double at = x.place(point.x());
            if (Math.abs(at - marked) >= (dense ? 3 : 1) * MARK_DISTANCE || i == line.points().size() - 1) {
                svg.mark(line.style(), at, y.place(point.y()));
                marked = at;
            }
        }
        svg.close();
    }
}
