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
 * The write of a range that is too long to be written in one step. It lasts from before the first page is made writable
 * until the last byte is written. In that time no page of the range moves to a device or becomes exclusive to one. So
 * once all pages are writable, only a fork, an unmap or the like can refuse a byte. If the preparation is refused, the
 * frames that it has taken go back.
 * <p>
 * For one thread.
 */
public final class RangeWrite implements AutoCloseable {

    /** How many free frames the count may miss, because other threads are moving them between magazines and trees. */
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
            memory.reclaimer().reclaimAll(); // look again even if it found nothing: others reclaim too
            if (!fits()) {
                throw memory.shortage(space);
            }
        }
    }

    private boolean fits() {
        return pools.host().free() >= needed - ON_THE_WAY;
    }

    /**
     * Counts the frames that the pages below a node will need: one for each page that has none or shares its own.
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

    /** True if the range is refused anyway. The count stops then, for a range may have very many pages. */
    private boolean isTooMuch() {
        return needed - ON_THE_WAY > pools.host().frames();
    }

    /** Gives back the frames that a refused preparation has taken. */
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
