package io.quire.memory.fault;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.frame.FramePools;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Directory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.KeptPages;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.PageTable;
import io.quire.memory.table.UpperDirectory;
import org.jspecify.annotations.Nullable;

/**
 * A write of a range that is longer than what is written in one go, from before its first page is made writable until
 * its last byte is written. Meanwhile no page of it moves to a device or becomes exclusive to one: once all of them are
 * writable, nothing but a fork, an unmap or the like can refuse a byte. If the preparation is refused, the frames that it
 * has got go back.
 * <p>
 * For one thread.
 */
public final class RangeWrite implements AutoCloseable {
    /** Free frames that are just in somebody's hands, and so may be missing in the count. */
    private static final int ON_THE_WAY = 512;

    private final SpaceState space;
    private final TieredMemory memory;
    private final FramePools pools;
    private final KeptPages.WriteRange range;
    private final FilledPages filled;
    private long needed;

    private RangeWrite(SpaceState space, TieredMemory memory, long from, long to) {
        this.space = space;
        this.memory = memory;
        this.pools = memory.pools();
        this.range = new KeptPages.WriteRange(from, to);
        this.filled = new FilledPages(space, pools, from);
    }

    /**
     * Begins the write of a range.
     *
     * @throws io.quire.memory.contract.OutOfFramesException if the range needs more frames than there are; nothing has
     *         changed then
     * @throws io.quire.memory.contract.MemoryException if a byte of it may not be written
     */
    static RangeWrite begin(SpaceState space, TieredMemory memory, long address, long sizeBytes) {
        space.table().permissions().checkAllWritable(address, sizeBytes);
        RangeWrite write = new RangeWrite(space, memory, Geometry.pageStart(address),
                Geometry.pageStart(address + sizeBytes + Geometry.PAGE_BYTES - 1));
        write.count(space.table().root().top(), 0, false);
        write.checkFrames();
        write.keepInPlace();
        return write;
    }

    private void keepInPlace() {
        PageTable table = space.table();
        table.lock();
        try {
            table.root(); // refuses a closed space
            table.kept().add(range);
        } finally {
            table.unlock();
        }
    }

    private void checkFrames() {
        if (!fits()) {
            memory.reclaimer().reclaimAll(); // somebody else may just have done it, so look again in any case
            if (!fits()) {
                throw memory.shortage(space);
            }
        }
    }

    private boolean fits() {
        return pools.host().free() >= needed - ON_THE_WAY;
    }

    /**
     * Counts the frames that the pages below a node will need: those that have none, or share theirs.
     *
     * @param base the first address of the node
     */
    private void count(Directory node, long base, boolean isSharedAbove) {
        boolean isShared = isSharedAbove || node.references() > 1;
        long childBytes = 1L << node.childShift();
        for (int i = 0; i < Geometry.FAN_OUT; i++) {
            long start = base + i * childBytes;
            long first = Math.max(start, range.from());
            long end = Math.min(start + childBytes, range.to());
            if (first < end && !isTooMuch()) {
                if (node instanceof UpperDirectory upper) {
                    countChild(upper.child(i), start, first, end, isShared);
                } else if (node instanceof LeafDirectory directory) {
                    countLeaf(directory.leaf(i), first, end, isShared);
                }
            }
        }
    }

    private void countChild(@Nullable Directory child, long start, long first, long end, boolean isShared) {
        if (child == null) {
            addEmpty(first, end);
        } else {
            count(child, start, isShared);
        }
    }

    private void countLeaf(long @Nullable [] leaf, long first, long end, boolean isSharedAbove) {
        if (leaf == null) {
            addEmpty(first, end);
            return;
        }
        boolean isShared = isSharedAbove || Leaf.references(leaf) > 1;
        for (long page = first; page < end; page += Geometry.PAGE_BYTES) {
            long entry = Leaf.entry(leaf, Geometry.pageIndex(page));
            if (!Entry.isPresent(entry)) {
                addEmpty(page, page + Geometry.PAGE_BYTES);
            } else if (Entry.isPrivate(entry) || needsHostCopy(Entry.offset(entry), isShared)) {
                needed++;
            }
        }
    }

    private boolean needsHostCopy(long frame, boolean isShared) {
        boolean staysOnDevice = space.cowPlacement() == CowPlacement.SAME_POOL && !pools.isHost(frame);
        return !staysOnDevice && (isShared || pools.references(frame) > 1);
    }

    private void addEmpty(long first, long end) {
        needed += (end - first) >>> Geometry.PAGE_SHIFT;
        if (!isTooMuch()) {
            filled.add(first, end);
        }
    }

    /** Whether the range is refused anyway; it may have more pages than can be counted one by one. */
    private boolean isTooMuch() {
        return needed - ON_THE_WAY > pools.host().frames();
    }

    /** Gives the frames back that the preparation has got; it was refused. */
    public void undo(Throwable refusal) {
        filled.giveBack(refusal);
    }

    /** Ends the write. */
    @Override
    public void close() {
        space.table().lock();
        try {
            space.table().kept().remove(range);
        } finally {
            space.table().unlock();
        }
    }
}
