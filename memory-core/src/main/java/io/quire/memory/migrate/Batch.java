package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.frame.FramePool;
import io.quire.memory.lineage.Lineage;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafPages;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one leaf that a migration moves together: the frames they are in, where they go, and the outcome of
 * each. Sets of pages are those of {@link LeafPages}.
 */
final class Batch {

    /** No frame: the page is not to be moved. */
    static final long NONE = FramePool.NONE;

    final Lineage lineage;
    final long leafStart;
    final FramePool target;

    /** True if this may wait for devices, and if it may end exclusive access. */
    final boolean mayBlock;
    final boolean dissolves;

    /** By page of the leaf: the frame that a wanted page is in, and the frame that a moving page goes to. */
    final long[] sources = new long[Geometry.FAN_OUT];
    final long[] targets = new long[Geometry.FAN_OUT];

    /** The space whose page this brings home; null if this moves other pages. */
    private final @Nullable SpaceState home;

    private long wanted = LeafPages.NONE;
    private long moving = LeafPages.NONE;
    private long held = LeafPages.NONE;

    /** The pages that have moved, and by page the outcome of the others. Allocated before anything changes. */
    private long moved = LeafPages.NONE;
    private final @Nullable PageOutcome[] outcomes = new PageOutcome[Geometry.FAN_OUT];

    Batch(Lineage lineage, long address, FramePool target, boolean mayBlock, boolean dissolves) {
        this(lineage, address, target, mayBlock, dissolves, null);
    }

    /** Creates a batch of one page that comes home. Its frame is looked up later, when nobody can change it. */
    Batch(SpaceState space, long page, FramePool host) {
        this(space.lineage(), page, host, true, true, space);
        wanted = LeafPages.of(Geometry.pageIndex(page));
    }

    private Batch(Lineage lineage, long address, FramePool target, boolean mayBlock, boolean dissolves,
            @Nullable SpaceState home) {
        this.lineage = lineage;
        this.home = home;
        this.leafStart = address & -Geometry.LEAF_BYTES;
        this.target = target;
        this.mayBlock = mayBlock;
        this.dissolves = dissolves;
    }

    /**
     * Creates a batch of the pages that a space maps between two addresses of one leaf.
     *
     * @throws io.quire.memory.contract.ClosedException if the space is closed
     */
    static Batch of(SpaceState space, long from, long to, FramePool target) {
        Batch batch = new Batch(space.lineage(), from, target, true, false);
        long[] leaf = space.table().leaf(from);
        space.table().root(); // throws if the space is closed: then its leaf does not say what it had
        if (leaf != null) {
            for (long address = from; address < to; address += Geometry.PAGE_BYTES) {
                int page = Geometry.pageIndex(address);
                long entry = Leaf.entry(leaf, page);
                if (Entry.isPresent(entry)) {
                    batch.want(page, Entry.offset(entry));
                }
            }
        }
        return batch;
    }

    /** The space whose page comes home; null if this moves others. */
    @Nullable SpaceState home() {
        return home;
    }

    long address(int page) {
        return leafStart + ((long) page << Geometry.PAGE_SHIFT);
    }

    /** Adds a page. It moves if it still is in that frame. */
    void want(int page, long frame) {
        sources[page] = frame;
        wanted |= LeafPages.of(page);
    }

    /** The pages that are to be moved. */
    long wanted() {
        return wanted;
    }

    boolean wants(int page) {
        return LeafPages.contains(wanted, page);
    }

    /** True if a page between two addresses was in no frame. */
    boolean hasGap(long from, long to) {
        return (LeafPages.between(leafStart, from, to) & ~wanted) != LeafPages.NONE;
    }

    /** Notes that a page is on its way to its target. */
    void begin(int page) {
        moving |= LeafPages.of(page);
    }

    /** Returns those of some pages that come from a pool. */
    long from(FramePool pool, long pages) {
        long found = LeafPages.NONE;
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            found |= pool.contains(sources[page]) ? LeafPages.of(page) : LeafPages.NONE;
        }
        return found;
    }

    /** Notes if the migration holds the old frame of a page. */
    void setHeld(int page, boolean isHeld) {
        held = isHeld ? held | LeafPages.of(page) : held & ~LeafPages.of(page);
    }

    boolean isHeld(int page) {
        return LeafPages.contains(held, page);
    }

    /** Notes the outcome of a page that does not move. */
    void settle(int page, PageOutcome outcome) {
        outcomes[page] = outcome;
        moving &= ~LeafPages.of(page);
    }

    /** Notes that all pages that were on their way have arrived. */
    void settleMoved() {
        moved |= moving;
        moving = LeafPages.NONE;
    }

    /** The pages that have moved. */
    long moved() {
        return moved;
    }

    /** The outcome of a page; null if it is not wanted, or not decided yet. */
    @Nullable PageOutcome outcome(int page) {
        return LeafPages.contains(moved, page) ? PageOutcome.MOVED : outcomes[page];
    }

    /** The pages that are on their way: they are marked, and their outcome is open. */
    long moving() {
        return moving;
    }

    boolean isAnyMoving() {
        return moving != LeafPages.NONE;
    }

    /** Counts the pages of a set, from its first on, that are side by side both where they are and where they go. */
    int runOf(long pages) {
        int first = LeafPages.first(pages);
        int page = first + 1;
        while (page < Geometry.FAN_OUT && LeafPages.contains(pages, page)
                && sources[page] == sources[page - 1] + Geometry.PAGE_BYTES
                && targets[page] == targets[page - 1] + Geometry.PAGE_BYTES) {
            page++;
        }
        return page - first;
    }
}
