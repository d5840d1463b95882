package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Series;
import java.util.Locale;

/**
 * How lines look: ours are thick and all of one strong colour, rivals are thin and muted. Any two lines of a
 * picture differ by dash and mark too, so that nobody needs to see the colour.
 *
 * @param side whose line
 * @param index how many of that side come before
 */
record Style(Series.Side side, int index) {

    /** The colours of everything, in variables, for light and dark. */
    static final String COLOURS = """
            :root {
              color-scheme: light dark;
              --surface: #ffffff; --raised: #f6f5f2; --ink: #1d1f23; --quiet: #5c626b; --grid: #e3e2dd;
              --ours: #c2410c; --good: #1a6e3c; --bad: #b3261e; --unsure: #855a00;
              --their0: #3f6494; --their1: #6a6d24; --their2: #7d5096; --their3: #85592f; --their4: #2c7470;
              --their5: #5f666e;
            }
            @media (prefers-color-scheme: dark) {
              :root {
                --surface: #14171b; --raised: #1d2127; --ink: #e8e6e1; --quiet: #a2a8b1; --grid: #30353d;
                --ours: #ff9257; --good: #6fcf97; --bad: #ff8f87; --unsure: #e5b455;
                --their0: #9dbbe4; --their1: #c3c77f; --their2: #d0aee8; --their3: #ddb28a; --their4: #86cdc7;
                --their5: #b5bcc4;
              }
            }
            """;

    /** The parts of a picture. */
    static final String PICTURE = """
            .chart text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
              fill: var(--ink); }
            .chart .tick { font-size: 12px; fill: var(--quiet); }
            .chart .words { font-size: 12px; fill: var(--quiet); }
            .chart .title { font-size: 17px; font-weight: 600; }
            .chart .caption { fill: var(--quiet); }
            .chart .grid { stroke: var(--grid); fill: none; }
            .chart .axis { stroke: var(--quiet); fill: none; }
            .chart .leader { stroke: var(--quiet); stroke-width: 0.75; fill: none; opacity: 0.6; }
            .chart .line { fill: none; stroke: currentColor; stroke-linejoin: round; }
            .chart .mark { fill: currentColor; stroke: currentColor; }
            .chart .hollow { fill: var(--surface); }
            .chart .name { fill: currentColor; }
            .chart .ours { color: var(--ours); }
            .chart .ours .line { stroke-width: 3; }
            .chart .ours .mark { stroke-width: 2; }
            .chart .ours .name { font-weight: 600; }
            .chart .theirs .line { stroke-width: 1.75; }
            .chart .dense .line { stroke-width: 1.5; stroke-dasharray: none; }
            .chart .theirs .mark { stroke-width: 1.25; }
            .chart .their0 { color: var(--their0); } .chart .their1 { color: var(--their1); }
            .chart .their2 { color: var(--their2); } .chart .their3 { color: var(--their3); }
            .chart .their4 { color: var(--their4); } .chart .their5 { color: var(--their5); }
            """;

    private static final int COLOURS_OF_RIVALS = 6;

    private static final String[] OUR_DASHES = {"", "9 5", "3 4", "14 4 3 4"};
    private static final String[] THEIR_DASHES = {"7 4", "2 3", "11 3 2 3", "", "16 5", "5 2 2 2 2 2"};

    /** Around 0, 0: circle, circle; square, triangle, diamond, triangle, plus, cross. */
    private static final String CIRCLE = "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z";
    private static final String[] THEIR_MARKS = {"M-3.5 -3.5h7v7h-7z", "M0 -4.5l4.5 8h-9z", "M0 -5l5 5l-5 5l-5 -5z",
        "M0 4.5l4.5 -8h-9z", "M-4.5 0h9M0 -4.5v9", "M-3.5 -3.5l7 7M-3.5 3.5l7 -7"};

    /** The classes of everything that belongs to the line. */
    String classes() {
        return side == Series.Side.OURS ? "ours" : "theirs their" + index % COLOURS_OF_RIVALS;
    }

    /** The dashes as an attribute. */
    String dash() {
        String[] dashes = side == Series.Side.OURS ? OUR_DASHES : THEIR_DASHES;
        String dash = dashes[index % dashes.length];
        return dash.isEmpty() ? "" : " stroke-dasharray=\"" + dash + "\"";
    }

    /** One mark. */
    String mark(double x, double y) {
        boolean ours = side == Series.Side.OURS;
        // The second of ours, and rivals whose colour has been used: hollow.
        boolean hollow = ours ? index % 2 == 1 : index / COLOURS_OF_RIVALS % 2 == 1;
        return String.format(Locale.ROOT, "<path class=\"mark%s\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>%n",
                hollow ? " hollow" : "", x, y, ours ? CIRCLE : THEIR_MARKS[index % THEIR_MARKS.length]);
    }
}
