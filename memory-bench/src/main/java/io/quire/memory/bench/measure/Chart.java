package io.quire.memory.bench.measure;

import java.util.List;

/**
 * A chart of what one run measured, with our lines and the lines of rivals.
 *
 * @param id a short name of lower-case letters and hyphens, for files and links
 * @param title the question that the chart answers
 * @param caption what the chart shows and how it was measured, in a sentence or two
 * @param x what was varied
 * @param y what was measured
 * @param series the lines
 */
public record Chart(String id, String title, String caption, Axis x, Axis y, List<Series> series) {

    public Chart {
        series = List.copyOf(series);
    }
}
