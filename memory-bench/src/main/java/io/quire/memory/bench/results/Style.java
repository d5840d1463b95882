package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Series;
import java.util.Locale;

/**
 * How a line looks. Ours are thick and have one strong colour; rivals are thin and muted. Any two lines of a picture
 * also differ in dash and mark, so nobody has to rely on colour.
 *
 * @param side whose line it is
 * @param index how many lines of that side come before
 */
record Style(Series.Side side, int index) {

    private static final int COLOURS_OF_RIVALS = 6;

    private static final String[] OUR_DASHES = {"", "9 5", "3 4", "14 4 3 4"};
    private static final String[] THEIR_DASHES = {"7 4", "2 3", "11 3 2 3", "", "16 5", "5 2 2 2 2 2"};

    /**
     * Marks around the point 0, 0. Ours are circles; rivals are square, triangle, diamond, triangle, plus and cross.
     */
    private static final String CIRCLE = "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z";
    private static final String[] THEIR_MARKS = {"M-3.5 -3.5h7v7h-7z", "M0 -4.5l4.5 8h-9z", "M0 -5l5 5l-5 5l-5 -5z",
        "M0 4.5l4.5 -8h-9z", "M-4.5 0h9M0 -4.5v9", "M-3.5 -3.5l7 7M-3.5 3.5l7 -7"};

    /** Returns the CSS classes of everything that belongs to the line. */
    String classes() {
        return side == Series.Side.OURS ? "ours" : "theirs their" + index % COLOURS_OF_RIVALS;
    }

    /** Returns the dashes as an attribute. */
    String dash() {
        String[] dashes = side == Series.Side.OURS ? OUR_DASHES : THEIR_DASHES;
        String dash = dashes[index % dashes.length];
        return dash.isEmpty() ? "" : " stroke-dasharray=\"" + dash + "\"";
    }

    /** Returns one mark. */
    String mark(double x, double y) {
        boolean ours = side == Series.Side.OURS;
        // Hollow marks: every second line of ours, and rivals whose colour was used before.
        boolean hollow = ours ? index % 2 == 1 : index / COLOURS_OF_RIVALS % 2 == 1;
        return String.format(Locale.ROOT, "<path class=\"mark%s\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>%n",
                hollow ? " hollow" : "", x, y, ours ? CIRCLE : THEIR_MARKS[index % THEIR_MARKS.length]);
    }
}
