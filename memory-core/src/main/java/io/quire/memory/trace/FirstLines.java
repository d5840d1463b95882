package io.quire.memory.trace;

import java.util.List;
import java.util.function.Function;

/** Shows the first of many things, so that a message stays short enough to read. */
public final class FirstLines {

    /** The number of things that are shown. */
    public static final int SHOWN = 16;

    private FirstLines() {
    }

    /** The texts of the first things, an element each. No text is made for the others. */
    public static <T> List<String> of(List<T> all, Function<? super T, String> words) {
        return all.stream().limit(SHOWN).map(words).toList();
    }

    /**
     * Joins lines into one text, each after a line break, and adds how many things are not shown.
     *
     * @param count the number of things in all
     */
    public static String text(List<String> first, int count) {
        StringBuilder text = new StringBuilder();
        first.stream().limit(SHOWN).forEach(line -> text.append("\n  ").append(line));
        int more = count - Math.min(first.size(), SHOWN);
        return more == 0 ? text.toString() : text.append("\n  ... and ").append(more).append(" more").toString();
    }
}
