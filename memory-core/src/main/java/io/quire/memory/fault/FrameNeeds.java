package io.quire.memory.fault;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.frame.FramePools;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Directory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.UpperDirectory;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Counts how many frames of the host a range needs before each of its pages is the space's own and the processor can
 * reach it. So an operation on many pages can be refused before it has taken the first frame.
 * <p>
 * For one thread. Exact while the lock of the space is held and no other thread takes or frees frames.
 */
public final class FrameNeeds {

    /** How many free frames the count may miss, because other threads are moving them between magazines and trees. */
    private static final int ON_THE_WAY = 512;

    /** How often the free frames are counted before too few are enough to refuse. */
    private static final int LOOKS = 16;

    private final SpaceState space;
    private final TieredMemory memory;
    private final FramePools pools;
    private final long from;
    private final long to;
    private final CowPlacement placement;
    private final boolean isMovedToHost;
    private final @Nullable FilledPages filled;

    /** Copies that go to a device as long as it has free frames, by the number of its pool. */
    private final long[] copiesOnDevice;
    private long empty;

    /** Frames for pages that have one already: copies, and pages that move to the host. */
    private long others;

    private FrameNeeds(SpaceState space, TieredMemory memory, long from, long to, CowPlacement placement,
            boolean isMovedToHost, @Nullable FilledPages filled) {
        this.space = space;
        this.memory = memory;
        this.pools = memory.pools();
        this.from = from;
        this.to = to;
        this.placement = placement;
        this.isMovedToHost = isMovedToHost;
        this.filled = filled;
        this.copiesOnDevice = new long[pools.count()];
        count();
    }

    /**
     * What a write of a range needs.
     *
     * @param filled gets the pages that have no frame: if the write is refused later, these give their frames back
     */
    static FrameNeeds ofWrite(SpaceState space, TieredMemory memory, long from, long to, FilledPages filled) {
        return new FrameNeeds(space, memory, from, to, space.cowPlacement(), false, filled);
    }

    /**
     * What a pin of a range needs.
     *
     * @param placement where a copy goes
     * @param isMovedToHost true if pages of coherent devices move to the host
     */
    public static FrameNeeds ofPin(SpaceState space, TieredMemory memory, long from, long to, CowPlacement placement,
            boolean isMovedToHost) {
        return new FrameNeeds(space, memory, from, to, placement, isMovedToHost, null);
    }

    /** True if the frames are there. Before it returns false it destroys all dropped trees, and counts again. */
    public boolean areMet() {
        if (isMet()) {
            return true;
        }
        memory.reclaimer().reclaimAll();
        count(); // even if nothing was destroyed: others reclaim too, and dropped trees had shared pages
        return isMet();
    }

    /** True if a single fault is all that the range needs. A fault refuses as a whole by itself. */
    boolean isOneFault() {
        return frames() <= 1;
    }

    /** How many frames the range needs. */
    public long frames() {
        long frames = empty + others;
        for (int pool = 0; pool < copiesOnDevice.length; pool++) {
            if (copiesOnDevice[pool] > 0) {
                frames += Math.max(copiesOnDevice[pool] - pools.get(pool).free(), 0);
            }
        }
        return frames;
    }

    private boolean isMet() {
        long frames = frames();
        // If a refusal in the middle can give back all that was taken, rather try than refuse for an inexact count.
        boolean canBeUndone = filled != null && frames == empty;
        long wanted = canBeUndone ? frames - ON_THE_WAY : frames;
        for (int look = 0; look < LOOKS && frames <= pools.capacity(); look++) {
            if (pools.host().hasFree((int) wanted)) {
                return true;
            }
            Thread.onSpinWait();
        }
        return false;
    }

    private void count() {
        empty = 0;
        others = 0;
        Arrays.fill(copiesOnDevice, 0);
        count(space.table().root().top(), 0, false);
    }

    /**
     * Counts the frames that the pages below a node will need.
     *
     * @param base the first address of the node
     */
    private void count(Directory node, long base, boolean isSharedAbove) {
        boolean isShared = isSharedAbove || node.references() > 1;
        long childBytes = 1L << node.childShift();
        for (int i = 0; i < Geometry.FAN_OUT; i++) {
            long start = base + i * childBytes;
            long first = Math.max(start, from);
            long end = Math.min(start + childBytes, to);
            if (first < end) {
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
            } else {
                countPresent(entry, isShared || pools.references(Entry.offset(entry)) > 1);
            }
        }
    }

    private void countPresent(long entry, boolean isShared) {
        if (Entry.isPrivate(entry)) {
            others += isShared ? 2 : 1; // it comes home for all that share it, and then is copied
        } else if (pools.isHost(Entry.offset(entry)) || (isShared && placement == CowPlacement.HOST)) {
            others += isShared ? 1 : 0;
        } else if (isMovedToHost) {
            others++;
        } else if (isShared) {
            copiesOnDevice[pools.of(Entry.offset(entry)).number()]++;
        }
    }

    private void addEmpty(long first, long end) {
        empty += (end - first) >>> Geometry.PAGE_SHIFT;
        if (filled != null && empty <= pools.capacity()) { // else it is refused, and may have very many pages
            filled.add(first, end);
        }
    }
}
