package io.quire.memory.space;

import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;

/**
 * What the leaves that map some pages say about them, counted leaf by leaf while nothing in them can change. A leaf
 * that has a page elsewhere than it is thought to be says nothing about it.
 */
final class Sighting {

    private final int[] mapped = new int[Geometry.FAN_OUT];
    private long exclusive = LeafPages.NONE;
    private long unmarked = LeafPages.NONE;
    private long shared = LeafPages.NONE;

    /**
     * Counts one more leaf.
     *
     * @param frames by page, the frame that it is thought to be in
     */
    void add(long[] leaf, long pages, long[] frames) {
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            long entry = Leaf.entry(leaf, page);
            if (maps(entry, frames[page])) {
                shared |= mapped[page] > 0 ? LeafPages.of(page) : LeafPages.NONE;
                mapped[page]++;
                exclusive |= Entry.isExclusive(entry) ? LeafPages.of(page) : LeafPages.NONE;
                unmarked |= Entry.isMigrating(entry) ? LeafPages.NONE : LeafPages.of(page);
            }
        }
    }

    /** How many leaves map each page to its frame. */
    int[] mapped() {
        return mapped;
    }

    int mapped(int page) {
        return mapped[page];
    }

    /** The pages that more than one leaf maps to their frames. */
    long shared() {
        return shared;
    }

    /** The pages that a leaf has as exclusive to a device. */
    long exclusive() {
        return exclusive;
    }

    /** Whether every leaf that maps a page has it marked as migrating, and there is one. */
    boolean isMarked(int page) {
        return mapped[page] > 0 && !LeafPages.contains(unmarked, page);
    }

    static boolean maps(long entry, long frame) {
        return Entry.isPresent(entry) && Entry.offset(entry) == frame;
    }
}
