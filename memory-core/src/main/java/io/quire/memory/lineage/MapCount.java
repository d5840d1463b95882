package io.quire.memory.lineage;

import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafPages;

/**
 * Counts the leaves that map some pages, and notes what their entries say. This goes leaf by leaf, while nothing in
 * them can change. A leaf that has a page in another frame than expected does not count for that page.
 */
public final class MapCount {

    private static final int[] NO_COUNTS = {};

    private long mapped = LeafPages.NONE;
    private long exclusive = LeafPages.NONE;
    private long unmarked = LeafPages.NONE;

    /**
     * The pages that more than one leaf maps, and for each of them the number of leaves. Only forks lead to such pages.
     */
    private long shared = LeafPages.NONE;
    private int[] counts = NO_COUNTS;

    /**
     * Counts one more leaf.
     *
     * @param frames for each page, the frame that it is expected in
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

    /** The number of leaves that map a page to its frame. */
    public int mapped(int page) {
        return LeafPages.contains(shared, page) ? counts[page] : LeafPages.contains(mapped, page) ? 1 : 0;
    }

    /** Of some pages, those that are mapped by as many leaves as the first of them. */
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

    /** The pages that some leaf has as exclusive to a device. */
    public long exclusive() {
        return exclusive;
    }

    /** True if at least one leaf maps a page, and all that do have it marked as migrating. */
    public boolean isMarked(int page) {
        return LeafPages.contains(mapped & ~unmarked, page);
    }

    static boolean maps(long entry, long frame) {
        return Entry.isPresent(entry) && Entry.offset(entry) == frame;
    }
}
