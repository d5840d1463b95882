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
 * The pages of a range that had no frame before a range write got them one. If the write is refused after all, those
 * that are still zeros give their frames back: nobody can tell such a page from one that was never written. One that
 * somebody else has written, forked or pinned meanwhile stays.
 */
public final class FilledPages {

    // Made once: what gives back takes no memory.
    private static final LongUnaryOperator READ_ONLY = Entry::readOnly;
    private static final LongUnaryOperator WRITABLE = Entry::writable;

    private final SpaceState space;
    private final PageTable table;
    private final FramePools pools;
    private final long start;
    /** By page from the start. */
    private final BitSet pages = new BitSet();

    /** None yet, of a range that starts with a page. */
    public FilledPages(SpaceState space, FramePools pools, long start) {
        this.space = space;
        this.table = space.table();
        this.pools = pools;
        this.start = start;
    }

    /** Pages that have no frame now, and may get one. */
    void add(long from, long to) {
        pages.set(index(from), index(to));
    }

    private int index(long page) {
        return (int) ((page - start) >>> Geometry.PAGE_SHIFT);
    }

    /** Gives back what is not needed; fails nothing, since the write that is refused has a reason of its own. */
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
                return; // the space was forked since, and the fork has the pages too; or it is closed
            }
            try (Notifier.Window _ = space.notifier().start(InvalidationKind.CLEAR, leafStart,
                    leafStart + Geometry.LEAF_BYTES)) {
                removeZeros(leaf, leafStart, unshared(leaf, leafStart));
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

    /** First nobody may write them any more, then those that nobody has written go. */
    private void removeZeros(long[] leaf, long leafStart, long candidates) {
        change(leaf, candidates, READ_ONLY);
        table.invalidateAndWait(TranslationVersion.leafOf(leafStart));
        long zeros = LeafPages.NONE;
        for (long rest = candidates; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            long frame = Entry.offset(Leaf.entry(leaf, page));
            // An accessor could pin without the lock until it was waited for.
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

    /** Whether no other leaf maps a frame, and nobody holds it. */
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
