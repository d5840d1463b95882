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
 * The pages of one leaf that one migration is to move: which frames, where to, and what became of each. Sets of pages
 * are those of {@link LeafPages}.
 */
final class Batch {

    /** No frame: not to be moved. */
    static final long NONE = FramePool.NONE;

    final Lineage lineage;
    final long leafStart;
    final FramePool target;

    /** Whether devices may be waited for, and exclusive access be ended. */
    final boolean mayBlock;
    final boolean dissolves;

    /** By page of the leaf: the frame that a wanted page is in, and the one that a moving page goes to. */
    final long[] sources = new long[Geometry.FAN_OUT];
    final long[] targets = new long[Geometry.FAN_OUT];

    /** The space whose page comes home by this, and is not kept from it; else null. */
    private final @Nullable SpaceState home;

    private long wanted = LeafPages.NONE;
    private long moving = LeafPages.NONE;
    private long held = LeafPages.NONE;

    /** What became of pages: those that moved, and by page what became of others. There before anything changes. */
    private long moved = LeafPages.NONE;
    private final @Nullable PageOutcome[] outcomes = new PageOutcome[Geometry.FAN_OUT];

    Batch(Lineage lineage, long address, FramePool target, boolean mayBlock, boolean dissolves) {
        this(lineage, address, target, mayBlock, dissolves, null);
    }

    /** A page that comes home: which frame it is in is looked up when nobody can change it any more. */
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
     * What a space maps of some addresses of one leaf.
     *
     * @throws io.quire.memory.contract.ClosedException if the space is closed
     */
    static Batch of(SpaceState space, long from, long to, FramePool target) {
        Batch batch = new Batch(space.lineage(), from, target, true, false);
        long[] leaf = space.table().leaf(from);
        space.table().root(); // throws if the space is closed: what it has no longer says nothing of what it had
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

    /** Has a page moved, if it is in that frame. */
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

    /** Whether a page between two addresses was in no frame. */
    boolean hasGap(long from, long to) {
        return (LeafPages.between(leafStart, from, to) & ~wanted) != LeafPages.NONE;
    }

    /** A page is on its way to its target. */
    void begin(int page) {
        moving |= LeafPages.of(page);
    }

    /** Those of some pages that come from a pool. */
    long from(FramePool pool, long pages) {
        long found = LeafPages.NONE;
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            found |= pool.contains(sources[page]) ? LeafPages.of(page) : LeafPages.NONE;
        }
        return found;
    }

    /** The old frame of a page is held for the migration, or is not any more. */
    void setHeld(int page, boolean isHeld) {
        held = isHeld ? held | LeafPages.of(page) : held & ~LeafPages.of(page);
    }

    boolean isHeld(int page) {
        return LeafPages.contains(held, page);
    }

    /** It is decided what becomes of a page, other than that it has moved. */
    void settle(int page, PageOutcome outcome) {
        outcomes[page] = outcome;
        moving &= ~LeafPages.of(page);
    }

    /** All that were on their way have arrived. */
    void settleMoved() {
        moved |= moving;
        moving = LeafPages.NONE;
    }

    /** The pages that have moved. */
    long moved() {
        return moved;
    }

    /** What became of a page; null if that was not asked, or not decided. */
    @Nullable PageOutcome outcome(int page) {
        return LeafPages.contains(moved, page) ? PageOutcome.MOVED : outcomes[page];
    }

    /** The pages that are on their way: marked, and not decided yet. */
    long moving() {
        return moving;
    }

    boolean isAnyMoving() {
        return moving != LeafPages.NONE;
    }

    /** How many of a set of pages, from its first on, lie side by side where they are and where they go to. */
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
