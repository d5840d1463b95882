package io.quire.memory.bench.measure;

import java.util.List;

/**
 * One line of a {@link Chart}.
 *
 * @param name in words
 * @param side whose line it is, which says how it looks
 * @param points from left to right
 */
public record Series(String name, Side side, List<Point> points) {

    /** Whose line it is. */
    public enum Side { OURS, THEIRS }

    /**
     * What was measured at one place.
     *
     * @param x where
     * @param y what
     */
    public record Point(double x, double y) {
    }

    /** A line of the library. */
    public static Series ours(String name, List<Point> points) {
        return new Series(name, Side.OURS, List.copyOf(points));
    }

    /** A line of a rival. */
    public static Series theirs(String name, List<Point> points) {
        return new Series(name, Side.THEIRS, List.copyOf(points));
    }
}
