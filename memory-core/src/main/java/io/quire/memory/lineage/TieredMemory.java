package io.quire.memory.lineage;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.frame.FrameSource;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.PageTables;
import io.quire.memory.table.Reclaimer;
import io.quire.memory.trace.EventCounts;
import java.util.List;

/**
 * The memory of one manager, as faults and migrations use it: the pools, the tiers of the devices, and the counts of
 * events. Any thread.
 */
public final class TieredMemory {

    private final EventCounts events = new EventCounts();
    private final PageTables tables;
    private final FramePools pools;
    private final List<DeviceTier> tiers;
    private final FrameShortage shortage;

    /**
     * The memory behind some page tables.
     *
     * @param tiers one for each device that has one of the pools, in the order of the pools
     * @param shortage explains why no frame is left
     */
    public TieredMemory(PageTables tables, List<DeviceTier> tiers, FrameShortage shortage) {
        this.tables = tables;
        this.pools = tables.pools();
        this.tiers = List.copyOf(tiers);
        this.shortage = shortage;
    }

    /** The exception to throw when no frame is left for a fault of a space. */
    public OutOfFramesException shortage(SpaceState faulting) {
        return shortage.exception(faulting, "no frame is left: ", 0);
    }

    /**
     * The exception to throw when a range needs more frames than there are.
     *
     * @param wanted how many frames the range needs
     */
    public OutOfFramesException shortageOfRange(SpaceState faulting, long wanted) {
        return shortage.exception(faulting, "a range needs more frames than are free: ", wanted);
    }

    /**
     * The exception to throw when a page of a device has to come to the host, and no frame of the host is left.
     *
     * @param page the address of the page
     * @param device the name of the device
     */
    public OutOfFramesException shortageOnHost(SpaceState faulting, long page, String device) {
        return shortage.exception(faulting, "a page of device " + device + " needs a frame of the host, and none is "
                + "left: address=0x" + Long.toHexString(page) + ", ", 0);
    }

    public PageTables tables() {
        return tables;
    }

    public FramePools pools() {
        return pools;
    }

    public Reclaimer reclaimer() {
        return tables.reclaimer();
    }

    public EventCounts events() {
        return events;
    }

    /** The tiers of the devices. */
    public List<DeviceTier> tiers() {
        return tiers;
    }

    /** The tier of a pool that is not the host's. */
    public DeviceTier tier(FramePool pool) {
        return tiers.get(pool.number() - 1);
    }

    /** The device of a pool that is not the host's. */
    public ManagedDevice device(FramePool pool) {
        return tier(pool).device();
    }

    /**
     * Allocates a frame of the host, with one reference and undefined content, for a fault of a space. Destroys dropped
     * trees before it gives up.
     *
     * @param frames the source of the frame
     * @return the offset of the frame
     * @throws OutOfFramesException if none is left
     */
    public long allocateFrame(SpaceState faulting, FrameSource frames) {
        long frame = tryAllocateFrame(frames);
        if (frame == FramePool.NONE) {
            // STEP(allocate when none is left 3)
            throw shortage(faulting);
        }
        return frame;
    }

    /** As {@link #allocateFrame}, but {@link FramePool#NONE} if none is left. */
    private long tryAllocateFrame(FrameSource frames) {
        // STEP(allocate when none is left 1)
        long frame = frames.allocate();
        // STEP(allocate when none is left 2)
        while (frame == FramePool.NONE && tables.reclaimer().reclaimAll()) {
            frame = frames.allocate();
        }
        if (frame == FramePool.NONE) {
            frame = frames.allocate(); // others may have freed some while reclaimAll found nothing to do
        }
        return frame;
    }

    /**
     * Allocates several frames of the host, and tries as hard for each as {@link #allocateFrame} does; see
     * {@link FramePool#allocate(long[], long)}.
     */
    public void tryAllocateFrames(long[] frames, long wanted) {
        pools.host().allocate(frames, wanted);
        boolean done = false;
        try {
            for (long rest = wanted; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
                int index = LeafPages.first(rest);
                frames[index] = frames[index] != FramePool.NONE ? frames[index] : tryAllocateFrame(pools);
            }
            done = true;
        } finally {
            if (!done) {
                releaseAll(frames, wanted);
            }
        }
    }

    private void releaseAll(long[] frames, long which) {
        for (long rest = which; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int index = LeafPages.first(rest);
            if (frames[index] != FramePool.NONE) {
                pools.release(frames[index]);
                frames[index] = FramePool.NONE;
            }
        }
    }
}
