package io.quire.memory.fault;

import io.quire.memory.attach.Notifier;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.frame.FramePools;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.PageTable;
import io.quire.memory.table.TranslationVersion;
import java.util.BitSet;
import java.util.function.LongUnaryOperator;

/**
 * The pages that had no frame before a range write got them one. If the write is refused after all, the pages that are
 * still zeros give their frames back: nobody can tell such a page from one that was never written. A page that another
 * thread has meanwhile written, forked or pinned stays.
 */
public final class FilledPages {

    // Made once, because giving back must not allocate.
    private static final LongUnaryOperator READ_ONLY = Entry::readOnly;
    private static final LongUnaryOperator WRITABLE = Entry::writable;

    private final SpaceState space;
    private final PageTable table;
    private final FramePools pools;
    private final long start;

    /** One bit for each page, from the start of the range. */
    private final BitSet pages = new BitSet();

    /** Creates an empty set of pages, for a range that starts at a page. */
    public FilledPages(SpaceState space, FramePools pools, long start) {
        this.space = space;
        this.table = space.table();
        this.pools = pools;
        this.start = start;
    }

    /** Adds pages that have no frame now and may get one. */
    void add(long from, long to) {
        pages.set(index(from), index(to));
    }

    private int index(long page) {
        return (int) ((page - start) >>> Geometry.PAGE_SHIFT);
    }

    /** Gives back the frames of pages that are still zeros. If that fails, the failure is added to the refusal. */
    void giveBack(Throwable refusal) {
        try {
            for (int page = pages.nextSetBit(0); page >= 0;) {
                long leafStart = (start + ((long) page << Geometry.PAGE_SHIFT)) & -Geometry.LEAF_BYTES;
                giveBackLeaf(leafStart);
                page = pages.nextSetBit(index(leafStart + Geometry.LEAF_BYTES));
            }
        } catch (MemoryException failed) { // closed meanwhile, or a device does not answer
            refusal.addSuppressed(failed);
        }
    }

    private void giveBackLeaf(long leafStart) {
        table.lock();
        try {
            long[] leaf = table.ownedLeafOrNull(leafStart);
            if (leaf == null) {
                return; // a fork taken since then shares the pages, or the space is closed
            }
            table.freeze();
            try (Notifier.Window _ = space.notifier().start(InvalidationKind.CLEAR, leafStart,
                    leafStart + Geometry.LEAF_BYTES)) {
                removeZeros(leaf, leafStart, unshared(leaf, leafStart));
            } finally {
                table.thaw();
            }
        } finally {
            table.unlock();
        }
    }

    private long unshared(long[] leaf, long leafStart) {
        long unshared = LeafPages.NONE;
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            long address = leafStart + ((long) page << Geometry.PAGE_SHIFT);
            long entry = Leaf.entry(leaf, page);
            if (address >= start && pages.get(index(address)) && Entry.isWritable(entry)
                    && isOurs(Entry.offset(entry))) {
                unshared |= LeafPages.of(page);
            }
        }
        return unshared;
    }

    /** Takes W from the candidates and waits for writers, then removes the pages that are still zeros. */
    private void removeZeros(long[] leaf, long leafStart, long candidates) {
        change(leaf, candidates, READ_ONLY);
        table.invalidateAndWait(TranslationVersion.leafOf(leafStart));
        long zeros = LeafPages.NONE;
        for (long rest = candidates; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            long frame = Entry.offset(Leaf.entry(leaf, page));
            // Again, because an accessor could pin without the lock until its writer slot was waited for.
            if (isOurs(frame) && isZero(frame)) {
                zeros |= LeafPages.of(page);
            }
        }
        change(leaf, candidates & ~zeros, WRITABLE);
        for (long rest = zeros; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            table.takeOut(leaf, LeafPages.first(rest));
        }
        table.invalidateAndRelease(TranslationVersion.leafOf(leafStart));
    }

    /** True if no other leaf maps a frame, and nobody holds it. */
    private boolean isOurs(long frame) {
        return pools.references(frame) == 1 && pools.holds(frame) == 0;
    }

    private boolean isZero(long frame) {
        return pools.memory().mismatch(frame, pools.memory(), pools.zeroFrame(), Geometry.PAGE_BYTES) < 0;
    }

    private static void change(long[] leaf, long which, LongUnaryOperator step) {
        for (long rest = which; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            Leaf.set(leaf, page, step.applyAsLong(Leaf.entry(leaf, page)));
        }
    }
}
