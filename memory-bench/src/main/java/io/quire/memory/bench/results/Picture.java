package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Series;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * A chart as SVG. Text stays text, there is no script, and colours follow the reader's choice of light or dark. A
 * wide picture names each line at its end; a narrow one, for a phone, has a list of them above.
 */
final class Picture {

    private static final int WIDE = 760;
    private static final int NARROW = 360;
    private static final int PADDING = 16;

    private static final int TITLE_LINE = 23;
    private static final int TEXT_LINE = 17;
    private static final int SAMPLE = 30;

    /** How wide a letter is about: of a title, of a text, of what stands at a tick. */
    private static final double TITLE_LETTER = 9;
    private static final double LETTER = 6.9;
    private static final double TICK_LETTER = 6.6;

    private static final int NAME_MAX = 190;

    /** Between two ticks, so that their labels stay apart. */
    private static final int TICK_DISTANCE_X = 78;
    private static final int TICK_DISTANCE_Y = 38;

    /** Between two marks of a line with many points. */
    private static final double MARK_DISTANCE = 26;

    /** A line of more points has no dashes: they would look like dips. */
    private static final int DENSE = 60;

    private final Chart chart;
    private final boolean alone;
    private final boolean wide;
    private final List<Line> lines = new ArrayList<>();
    private final StringBuilder svg = new StringBuilder();

    private Scale x;
    private Scale y;

    /** A line, what of it can be drawn, and how it looks. */
    private record Line(Series series, List<Series.Point> points, Style style) {
    }

    /** The name of a line where it ends, or near. */
    private record Name(Line line, List<String> words, double endX, double endY, double top) {

        double height() {
            return words.size() * TEXT_LINE;
        }

        Name movedTo(double newTop) {
            return new Name(line, words, endX, endY, newTop);
        }
    }

    @SuppressWarnings("NullAway.Init") // the scales are made when the room for the plot is known
    private Picture(Chart chart, boolean alone, boolean wide) {
        this.chart = chart;
        this.alone = alone;
        this.wide = wide;
        int ours = 0;
        int theirs = 0;
        for (Series series : chart.series()) {
            List<Series.Point> points = series.points().stream()
                    .filter(point -> Scale.isShown(chart.x(), point.x()) && Scale.isShown(chart.y(), point.y()))
                    .toList();
            int index = series.side() == Series.Side.OURS ? ours++ : theirs++;
            if (!points.isEmpty()) {
                lines.add(new Line(series, points, new Style(series.side(), index)));
            }
        }
        // Ours last, so that nothing covers it.
        lines.sort(Comparator.comparing((Line line) -> line.series().side()).reversed());
    }

    /** A file of its own, with title, caption and colours. */
    static String alone(Chart chart) {
        return new Picture(chart, true, true).draw();
    }

    /** Part of a page that has title and colours: one for screens, or one for phones. */
    static String inPage(Chart chart, boolean wide) {
        return new Picture(chart, false, wide).draw();
    }

    private String draw() {
        int width = wide ? WIDE : NARROW;
        int top = alone ? drawTitle(width) : 0;
        if (!wide) {
            top = drawList(top);
        }
        double left = PADDING;
        double plotTop = top + (wide ? 34 : 30);
        double plotBottom = plotTop + (wide ? 300 : 240);
        double right = width - (wide ? namesWidth() : PADDING + 8);
        y = Scale.of(chart.y(), lines.stream().flatMap(line -> line.points().stream())
                .mapToDouble(Series.Point::y), plotBottom, plotTop, (int) (plotBottom - plotTop) / TICK_DISTANCE_Y);
        left += y.ticks().stream().mapToInt(tick -> y.label(tick).length()).max().orElse(0) * TICK_LETTER + 6;
        x = Scale.of(chart.x(), lines.stream().flatMap(line -> line.points().stream())
                .mapToDouble(Series.Point::x), left, right, (int) (right - left) / TICK_DISTANCE_X);
        text("words", PADDING, plotTop - 18, "start", chart.y().words());
        drawAxes();
        text("words", (left + right) / 2, plotBottom + 44, "middle", chart.x().words());
        lines.forEach(this::draw);
        if (wide) {
            names(plotTop, plotBottom, right).forEach(name -> draw(name, right));
        }
        return opening(width, (int) plotBottom + 56) + svg + "</svg>\n";
    }

    private String opening(int width, int height) {
        String id = chart.id() + (alone ? "" : wide ? "-wide" : "-narrow");
        String opening = """
                <svg xmlns="http://www.w3.org/2000/svg" class="chart %s" viewBox="0 0 %d %d" role="img" \
                aria-labelledby="%s-title %s-desc">
                <title id="%s-title">%s</title>
                <desc id="%s-desc">%s</desc>
                """.formatted(wide ? "wide" : "narrow", width, height, id, id, id, Markup.escaped(chart.title()), id,
                Markup.escaped(description()));
        return alone ? opening + "<style>\n" + Style.COLOURS + Style.PICTURE + "</style>\n"
                + "<rect width=\"100%\" height=\"100%\" fill=\"var(--surface)\"/>\n" : opening;
    }

    /** What a reader who does not see the lines is told. */
    private String description() {
        StringBuilder words = new StringBuilder(chart.caption());
        for (Line line : lines) {
            Series.Point first = line.points().getFirst();
            Series.Point last = line.points().getLast();
            words.append(' ').append(line.series().name()).append(": ").append(y.label(first.y())).append(" at ")
                    .append(x.label(first.x())).append(", ").append(y.label(last.y())).append(" at ")
                    .append(x.label(last.x())).append('.');
        }
        return words.toString();
    }

    private int drawTitle(int width) {
        int at = PADDING;
        for (String words : wrapped(chart.title(), (width - 2 * PADDING) / TITLE_LETTER)) {
            at += TITLE_LINE;
            text("title", PADDING, at - 6, "start", words);
        }
        for (String words : wrapped(chart.caption(), (width - 2 * PADDING) / LETTER)) {
            at += TEXT_LINE;
            text("caption", PADDING, at - 2, "start", words);
        }
        return at + 6;
    }

    /** The names one under the other, in the order of the ends of their lines. */
    private int drawList(int top) {
        int at = top;
        List<Line> inOrder = lines.stream()
                .sorted(Comparator.comparingDouble(line -> -line.points().getLast().y())).toList();
        for (Line line : inOrder) {
            boolean first = true;
            for (String words : wrapped(line.series().name(), (NARROW - 2 * PADDING - SAMPLE) / LETTER)) {
                at += TEXT_LINE + (first ? 2 : 0);
                svg.append("<g class=\"").append(line.style().classes()).append("\">\n");
                if (first) {
                    drawSample(line, PADDING, at - 4);
                }
                text("name", PADDING + SAMPLE, at, "start", words);
                svg.append("</g>\n");
                first = false;
            }
        }
        return at + 10;
    }

    private void drawAxes() {
        double left = x.from();
        double right = x.to();
        double bottom = y.from();
        for (double tick : y.ticks()) {
            line("grid", left, y.place(tick), right, y.place(tick));
            text("tick", left - 8, y.place(tick) + 4, "end", y.label(tick));
        }
        for (double tick : x.ticks()) {
            line("axis", x.place(tick), bottom, x.place(tick), bottom + 5);
            text("tick", x.place(tick), bottom + 20, "middle", x.label(tick));
        }
        line("axis", left, bottom, right, bottom);
    }

    private void draw(Line line) {
        boolean dense = line.points().size() > DENSE;
        svg.append("<g class=\"").append(line.style().classes()).append(dense ? " dense" : "")
                .append("\">\n<path class=\"line\"")
                .append(line.style().dash()).append(" d=\"");
        String step = "M";
        for (Series.Point point : line.points()) {
            svg.append(String.format(Locale.ROOT, "%s%.1f %.1f", step, x.place(point.x()), y.place(point.y())));
            step = "L";
        }
        svg.append("\"/>\n");
        double marked = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < line.points().size(); i++) {
            Series.Point point = line.points().get(i);
            double at = x.place(point.x());
            if (Math.abs(at - marked) >= (dense ? 3 : 1) * MARK_DISTANCE || i == line.points().size() - 1) {
                svg.append(line.style().mark(at, y.place(point.y())));
                marked = at;
            }
        }
        svg.append("</g>\n");
    }

    private double namesWidth() {
        double widest = lines.stream().flatMap(line -> wrapped(line.series().name(), NAME_MAX / LETTER).stream())
                .mapToDouble(words -> words.length() * LETTER).max().orElse(0);
        return widest + SAMPLE + 2 * PADDING + 12;
    }

    /** From top to bottom in the order of the ends, none over another. */
    private List<Name> names(double top, double bottom, double right) {
        List<Name> names = new ArrayList<>();
        for (Line line : lines) {
            Series.Point last = line.points().getLast();
            List<String> words = wrapped(line.series().name(), NAME_MAX / LETTER);
            double endY = y.place(last.y());
            names.add(new Name(line, words, Math.min(right, x.place(last.x())), endY,
                    endY - words.size() * TEXT_LINE / 2.0));
        }
        names.sort(Comparator.comparingDouble(Name::endY));
        double free = top - TEXT_LINE;
        for (int i = 0; i < names.size(); i++) {
            names.set(i, names.get(i).movedTo(Math.max(free, names.get(i).top())));
            free = names.get(i).top() + names.get(i).height() + 2;
        }
        free = bottom + 2 * TEXT_LINE;
        for (int i = names.size() - 1; i >= 0; i--) {
            Name name = names.get(i);
            names.set(i, name.movedTo(Math.min(free - name.height(), name.top())));
            free = names.get(i).top() - 2;
        }
        return names;
    }

    private void draw(Name name, double right) {
        double sampleX = right + 22;
        double middle = name.top() + name.height() / 2;
        svg.append(String.format(Locale.ROOT, "<path class=\"leader\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1f\"/>%n",
                name.endX() + 6, name.endY(), right + 4, name.endY(), sampleX - 4, middle));
        svg.append("<g class=\"").append(name.line().style().classes()).append("\">\n");
        drawSample(name.line(), sampleX, middle);
        for (int i = 0; i < name.words().size(); i++) {
            text("name", sampleX + SAMPLE, name.top() + (i + 1) * TEXT_LINE - 4, "start", name.words().get(i));
        }
        svg.append("</g>\n");
    }

    private void drawSample(Line line, double left, double middle) {
        svg.append(String.format(Locale.ROOT, "<path class=\"line\"%s d=\"M%.1f %.1fh24\"/>%n", line.style().dash(),
                left, middle)).append(line.style().mark(left + 12, middle));
    }

    private void line(String look, double x1, double y1, double x2, double y2) {
        svg.append(String.format(Locale.ROOT, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>%n", look, x1, y1, x2,
                y2));
    }

    private void text(String look, double left, double base, String anchor, String words) {
        svg.append(String.format(Locale.ROOT, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
                look, left, base, anchor, Markup.escaped(words)));
    }

    /** Lines of about so many letters at most; a longer word stays whole. */
    static List<String> wrapped(String words, double letters) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : words.split(" ", -1)) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > letters) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
