package io.quire.memory.lineage;

import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafPages;

/**
 * What the leaves that map some pages say about them, counted leaf by leaf while nothing in them can change. A leaf
 * that has a page elsewhere than it is thought to be says nothing about it.
 */
public final class MapCount {

    private static final int[] NO_COUNTS = {};

    private long mapped = LeafPages.NONE;
    private long exclusive = LeafPages.NONE;
    private long unmarked = LeafPages.NONE;

    /** The pages that more than one leaf maps, and by page, how many do: only what was forked has such. */
    private long shared = LeafPages.NONE;
    private int[] counts = NO_COUNTS;

    /**
     * Counts one more leaf.
     *
     * @param frames by page, the frame that it is thought to be in
     */
    void add(long[] leaf, long pages, long[] frames) {
        long here = LeafPages.NONE;
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            long entry = Leaf.entry(leaf, page);
            if (maps(entry, frames[page])) {
                here |= LeafPages.of(page);
                exclusive |= Entry.isExclusive(entry) ? LeafPages.of(page) : LeafPages.NONE;
                unmarked |= Entry.isMigrating(entry) ? LeafPages.NONE : LeafPages.of(page);
            }
        }
        countAgain(here & mapped);
        mapped |= here;
    }

    private void countAgain(long pages) {
        if (pages != LeafPages.NONE && counts.length == 0) {
            counts = new int[Geometry.FAN_OUT];
        }
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            counts[page] = mapped(page) + 1;
            shared |= LeafPages.of(page);
        }
    }

    /** How many leaves map a page to its frame. */
    public int mapped(int page) {
        return LeafPages.contains(shared, page) ? counts[page] : LeafPages.contains(mapped, page) ? 1 : 0;
    }

    /** Those of some pages that as many leaves map as the first of them. */
    public long alike(long pages) {
        if ((pages & shared) == LeafPages.NONE) {
            return pages;
        }
        int count = mapped(LeafPages.first(pages));
        long alike = LeafPages.NONE;
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            alike |= mapped(page) == count ? LeafPages.of(page) : LeafPages.NONE;
        }
        return alike;
    }

    /** The pages that more than one leaf maps to their frames. */
    public long shared() {
        return shared;
    }

    /** The pages that a leaf has as exclusive to a device. */
    public long exclusive() {
        return exclusive;
    }

    /** Whether every leaf that maps a page has it marked as migrating, and there is one. */
    public boolean isMarked(int page) {
        return LeafPages.contains(mapped & ~unmarked, page);
    }

    static boolean maps(long entry, long frame) {
        return Entry.isPresent(entry) && Entry.offset(entry) == frame;
    }
}
