package io.quire.memory.bench.measure;

import java.util.List;

/**
 * A picture of what was measured in one run: lines of ours beside lines of rivals.
 *
 * @param id a short name of small letters and hyphens, for files and links
 * @param title the question it answers
 * @param caption what to see in it, and how it was made, in a sentence or two
 * @param x what was varied
 * @param y what was measured
 * @param series the lines
 */
public record Chart(String id, String title, String caption, Axis x, Axis y, List<Series> series) {

    public Chart {
        series = List.copyOf(series);
    }
}
