package io.quire.memory.bench.measure;

import io.quire.memory.bench.measure.Series.Point;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects the points of the lines of a {@link Chart} as they are measured. */
public final class Lines {

    private final Map<String, List<Point>> ours = new LinkedHashMap<>();
    private final Map<String, List<Point>> theirs = new LinkedHashMap<>();

    /** Adds a point at the right end of one of our lines. */
    public void ours(String name, double x, double y) {
        ours.computeIfAbsent(name, _ -> new ArrayList<>()).add(new Point(x, y));
    }

    /** Adds a point at the right end of a line of a rival. */
    public void theirs(String name, double x, double y) {
        theirs.computeIfAbsent(name, _ -> new ArrayList<>()).add(new Point(x, y));
    }

    /** Returns all lines: ours first, then by when their first point was added. */
    public List<Series> all() {
        List<Series> all = new ArrayList<>();
        ours.forEach((name, points) -> all.add(Series.ours(name, points)));
        theirs.forEach((name, points) -> all.add(Series.theirs(name, points)));
        return all;
    }
}
