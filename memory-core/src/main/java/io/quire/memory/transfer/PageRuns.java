package io.quire.memory.transfer;

import io.quire.memory.table.Geometry;
import java.util.Arrays;

/**
 * A list of runs of pages in ascending order, two words for each. A run says of its pages whether there was a frame
 * before, and whether there is one now. Runs alike that touch become one.
 */
final class PageRuns {

    /** There was a frame before. */
    static final int WAS = 1;
    /** There is a frame now. */
    static final int IS = 2;

    private static final int FIRST_LENGTH = 32;
    private static final long FLAGS = WAS | IS;

    /** For each run its start, with the flags in the low bits, and its end. */
    private long[] words = new long[FIRST_LENGTH];
    private int length;

    /** Adds a run behind all others. */
    void add(long start, long end, int flags) {
        if (length > 0 && words[length - 1] == start && flags(count() - 1) == flags) {
            words[length - 1] = end;
            return;
        }
        if (length == words.length) {
            words = Arrays.copyOf(words, 2 * length);
        }
        words[length] = start | flags;
        words[length + 1] = end;
        length += 2;
    }

    /** Adds the part of a run of another list that lies between two addresses, if there is one. */
    void addPart(PageRuns other, int run, long from, long to) {
        long start = Math.max(other.start(run), from);
        long end = Math.min(other.end(run), to);
        if (start < end) {
            add(start, end, other.flags(run));
        }
    }

    int count() {
        return length / 2;
    }

    long start(int run) {
        return words[2 * run] & ~FLAGS;
    }

    long end(int run) {
        return words[2 * run + 1];
    }

    private int flags(int run) {
        return (int) (words[2 * run] & FLAGS);
    }

    /** True if the pages of a run had frames before. */
    boolean was(int run) {
        return (flags(run) & WAS) != 0;
    }

    /** True if the pages of a run have frames now. */
    boolean is(int run) {
        return (flags(run) & IS) != 0;
    }

    /** The number of pages that have frames now, or of those that have none. */
    long pages(boolean areThere) {
        long pages = 0;
        for (int run = 0; run < count(); run++) {
            pages += is(run) == areThere ? (end(run) - start(run)) >>> Geometry.PAGE_SHIFT : 0;
        }
        return pages;
    }

    @Override
    public String toString() {
        return "PageRuns[count=" + count() + "]";
    }
}
