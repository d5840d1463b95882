package io.quire.memory.trace;

import java.util.List;
import java.util.function.Function;

/** The first of many things, for a message that somebody is to read. */
public final class FirstLines {

    /** So many are shown. */
    public static final int SHOWN = 16;

    private FirstLines() {
    }

    /** The words of the first things, an element each, and of no others. */
    public static <T> List<String> of(List<T> all, Function<? super T, String> words) {
        return all.stream().limit(SHOWN).map(words).toList();
    }

    /**
     * Lines in one text, each after a line break, and at the end how many there are that are not shown.
     *
     * @param count how many there are in all
     */
    public static String text(List<String> first, int count) {
        StringBuilder text = new StringBuilder();
        first.stream().limit(SHOWN).forEach(line -> text.append("\n  ").append(line));
        int more = count - Math.min(first.size(), SHOWN);
        return more == 0 ? text.toString() : text.append("\n  ... and ").append(more).append(" more").toString();
    }
}
