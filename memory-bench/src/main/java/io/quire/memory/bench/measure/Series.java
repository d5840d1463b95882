package io.quire.memory.bench.measure;

import java.util.List;

/**
 * One line of a {@link Chart}.
 *
 * @param name the name of the line, in words
 * @param side whose line it is; this decides how it looks
 * @param points the points, from left to right
 */
public record Series(String name, Side side, List<Point> points) {

    /** Says whose line it is. */
    public enum Side { OURS, THEIRS }

    /**
     * One point of a line.
     *
     * @param x what was varied
     * @param y what was measured
     */
    public record Point(double x, double y) {
    }

    /** Makes a line of the library. */
    public static Series ours(String name, List<Point> points) {
        return new Series(name, Side.OURS, List.copyOf(points));
    }

    /** Makes a line of a rival. */
    public static Series theirs(String name, List<Point> points) {
        return new Series(name, Side.THEIRS, List.copyOf(points));
    }
}
