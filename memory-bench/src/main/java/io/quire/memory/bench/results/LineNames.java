package io.quire.memory.bench.results;

import static io.quire.memory.bench.results.Svg.LETTER;
import static io.quire.memory.bench.results.Svg.SAMPLE;
import static io.quire.memory.bench.results.Svg.TEXT_LINE;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The names of lines. In a wide picture each stands near the end of its line; in a narrow one they are a list above the
 * plot.
 */
final class LineNames {

    private static final int WIDTH_MAX = 190;

    private final List<PlottedLine> lines;
    private final Svg svg;

    /** A name at the end of its line, or near it. */
    private record Name(PlottedLine line, List<String> words, double endX, double endY, double top) {

        double height() {
            return words.size() * TEXT_LINE;
        }

        Name movedTo(double newTop) {
            return new Name(line, words, endX, endY, newTop);
        }
    }

    LineNames(List<PlottedLine> lines, Svg svg) {
        this.lines = lines;
        this.svg = svg;
    }

    /** Returns the width of the widest name, with the sample of its line. */
    double width() {
        double widest = lines.stream().flatMap(line -> Svg.wrapped(line.name(), WIDTH_MAX / LETTER).stream())
                .mapToDouble(words -> words.length() * LETTER).max().orElse(0);
        return widest + SAMPLE;
    }

    /**
     * Draws the names one under the other, in the order of the ends of their lines.
     *
     * @return the bottom of the list
     */
    int drawAbove(int left, int top, int width) {
        int at = top;
        List<PlottedLine> inOrder = lines.stream().sorted(Comparator.comparingDouble(line -> -line.last().y()))
                .toList();
        for (PlottedLine line : inOrder) {
            boolean first = true;
            for (String words : Svg.wrapped(line.name(), (width - SAMPLE) / LETTER)) {
                at += TEXT_LINE + (first ? 2 : 0);
                svg.open(line.style().classes());
                if (first) {
                    svg.sample(line.style(), left, at - 4);
                }
                svg.text("name", left + SAMPLE, at, "start", words);
                svg.close();
                first = false;
            }
        }
        return at + 10;
    }

    /** Draws each name beside the end of its line, so that no two overlap. */
    void drawBeside(Scale x, Scale y) {
        placed(x, y).forEach(name -> draw(name, x.to()));
    }

    /** Returns the names from top to bottom, in the order of the ends of their lines. */
    private List<Name> placed(Scale x, Scale y) {
        List<Name> names = new ArrayList<>();
        for (PlottedLine line : lines) {
            List<String> words = Svg.wrapped(line.name(), WIDTH_MAX / LETTER);
            double endY = y.place(line.last().y());
            names.add(new Name(line, words, Math.min(x.to(), x.place(line.last().x())), endY,
                    endY - words.size() * TEXT_LINE / 2.0));
        }
        names.sort(Comparator.comparingDouble(Name::endY));
        moveDown(names, y.to() - TEXT_LINE);
        moveUp(names, y.from() + 2 * TEXT_LINE);
        return names;
    }

    /** Moves each name down until it is below the one before. */
    private static void moveDown(List<Name> names, double top) {
        double free = top;
        for (int i = 0; i < names.size(); i++) {
            names.set(i, names.get(i).movedTo(Math.max(free, names.get(i).top())));
            free = names.get(i).top() + names.get(i).height() + 2;
        }
    }

    /** Moves names up, the last first, until none is below the bottom and none overlaps the next. */
    private static void moveUp(List<Name> names, double bottom) {
        double free = bottom;
        for (int i = names.size() - 1; i >= 0; i--) {
            Name name = names.get(i);
            names.set(i, name.movedTo(Math.min(free - name.height(), name.top())));
            free = names.get(i).top() - 2;
        }
    }

    private void draw(Name name, double right) {
        double sampleX = right + 22;
        double middle = name.top() + name.height() / 2;
        svg.leader(name.endX() + 6, name.endY(), right + 4, sampleX - 4, middle);
        svg.open(name.line().style().classes());
        svg.sample(name.line().style(), sampleX, middle);
        for (int i = 0; i < name.words().size(); i++) {
            svg.text("name", sampleX + SAMPLE, name.top() + (i + 1) * TEXT_LINE - 4, "start", name.words().get(i));
        }
        svg.close();
    }
}
