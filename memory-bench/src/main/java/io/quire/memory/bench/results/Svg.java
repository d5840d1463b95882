package io.quire.memory.bench.results;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes the elements of a picture. Their looks are in {@code picture.css}, by class. */
final class Svg {

    /** The approximate width of a letter. */
    static final double LETTER = 6.9;

    /** The distance between two lines of text. */
    static final int TEXT_LINE = 17;

    /** The width of a sample of a line and the space after it. */
    static final int SAMPLE = 30;

    private final StringBuilder svg = new StringBuilder();

    void open(String classes) {
        svg.append("<g class=\"").append(classes).append("\">\n");
    }

    void close() {
        svg.append("</g>\n");
    }

    void line(String look, double x1, double y1, double x2, double y2) {
        svg.append(String.format(Locale.ROOT, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>%n", look, x1, y1, x2,
                y2));
    }

    /** Draws a leader from the end of a line to its name. */
    void leader(double x, double y, double bendX, double nameX, double nameY) {
        svg.append(String.format(Locale.ROOT, "<path class=\"leader\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1f\"/>%n", x, y,
                bendX, y, nameX, nameY));
    }

    void text(String look, double left, double base, String anchor, String words) {
        svg.append(String.format(Locale.ROOT, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
                look, left, base, anchor, Markup.escaped(words)));
    }

    /** Draws a line through points. Each point has its distances from the left and from the top. */
    void path(Style style, List<double[]> points) {
        svg.append("<path class=\"line\"").append(style.dash()).append(" d=\"");
        String step = "M";
        for (double[] point : points) {
            svg.append(String.format(Locale.ROOT, "%s%.1f %.1f", step, point[0], point[1]));
            step = "L";
        }
        svg.append("\"/>\n");
    }

    void mark(Style style, double x, double y) {
        svg.append(style.mark(x, y));
    }

    /** Draws a short piece of a line, which stands beside its name. */
    void sample(Style style, double left, double middle) {
        svg.append(String.format(Locale.ROOT, "<path class=\"line\"%s d=\"M%.1f %.1fh24\"/>%n", style.dash(), left,
                middle));
        mark(style, left + 12, middle);
    }

    /** Wraps words into lines of about this many letters; a longer word stays whole. */
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

    @Override
    public String toString() {
        return svg.toString();
    }
}
