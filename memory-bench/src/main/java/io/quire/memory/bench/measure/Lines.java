package io.quire.memory.bench.measure;

import io.quire.memory.bench.measure.Series.Point;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects the lines of a {@link Chart} while they are measured, point by point. */
public final class Lines {

    private final Map<String, List<Point>> ours = new LinkedHashMap<>();
    private final Map<String, List<Point>> theirs = new LinkedHashMap<>();

    /** Adds a point to a line of ours, to the right of those it has. */
    public void ours(String name, double x, double y) {
        ours.computeIfAbsent(name, _ -> new ArrayList<>()).add(new Point(x, y));
    }

    /** Adds a point to a line of a rival, to the right of those it has. */
    public void theirs(String name, double x, double y) {
        theirs.computeIfAbsent(name, _ -> new ArrayList<>()).add(new Point(x, y));
    }

    /** All lines, ours first, in the order of their first points. */
    public List<Series> all() {
        List<Series> all = new ArrayList<>();
        ours.forEach((name, points) -> all.add(Series.ours(name, points)));
        theirs.forEach((name, points) -> all.add(Series.theirs(name, points)));
        return all;
    }
}
