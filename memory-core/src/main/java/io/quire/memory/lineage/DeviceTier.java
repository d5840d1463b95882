package io.quire.memory.lineage;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.frame.FramePool;
import io.quire.memory.guard.Mutex;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.LeafPages;
import io.quire.memory.tier.EvictionQueues;
import io.quire.memory.tier.Watermarks;
import org.jspecify.annotations.Nullable;

/**
 * A device as a tier of memory. It knows which page of which lineage each frame holds. Its queues say which page to
 * evict next, and its watermarks say when. Any thread.
 */
public final class DeviceTier implements ManagedDevice.FreeListener {

    private final ManagedDevice device;

    // RACY(frame-owner): where the page of a frame is. Written by the thread that maps the frame, read by a thread that
    // looks for victims and then checks under the locks. An old or half new answer costs a wasted look; the next look
    // is right.
    private final @Nullable Lineage[] lineages;
    private final long[] addresses;

    private final EvictionQueues queues;
    private final Watermarks watermarks;

    /** Held by the thread that looks for victims: one at a time. */
    private final Mutex eviction = new Mutex();
    private boolean isEvicting;

    /**
     * The tier of a device.
     *
     * @param lowPercent the percentage of the pool that is free when eviction begins
     * @param highPercent the percentage that is free when it ends
     */
    public DeviceTier(ManagedDevice device, int lowPercent, int highPercent) {
        int frames = device.pool().frames();
        this.device = device;
        this.lineages = new Lineage[frames];
        this.addresses = new long[frames];
        this.queues = new EvictionQueues(frames);
        this.watermarks = Watermarks.ofPercent(frames, lowPercent, highPercent);
        device.tellFreed(this);
    }

    public ManagedDevice device() {
        return device;
    }

    public FramePool pool() {
        return device.pool();
    }

    // ---- which page a frame holds

    /** Notes which page a frame is about to hold. */
    public void holds(long offset, Lineage lineage, long address) {
        int frame = pool().frame(offset);
        addresses[frame] = address;
        lineages[frame] = lineage;
        queues.added(frame, lineage.key(address), false);
    }

    /**
     * Notes which pages of a leaf several frames are about to hold.
     *
     * @param offsets for each page, the offset of its frame
     * @param pages the pages, as a set of {@link LeafPages}
     */
    public void holds(long[] offsets, long pages, Lineage lineage, long leafStart) {
        int[] frames = new int[LeafPages.count(pages)];
        int count = 0;
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            int frame = pool().frame(offsets[page]);
            frames[count++] = frame;
            addresses[frame] = leafStart + ((long) page << Geometry.PAGE_SHIFT);
        }
        noteLineage(frames, lineage);
        queues.added(frames, frame -> lineage.key(addresses[frame]));
    }

    /**
     * Stores whole runs at a time: most garbage collectors do extra work for each reference that is stored by itself.
     */
    private void noteLineage(int[] frames, Lineage lineage) {
        for (int from = 0, to; from < frames.length; from = to) {
            to = from + 1;
            while (to < frames.length && frames[to] == frames[to - 1] + 1) {
                to++;
            }
            lineage.fill(lineages, frames[from], to - from);
        }
    }

    @Override
    public void freed(int frame) {
        queues.removed(frame);
        lineages[frame] = null;
    }

    @Override
    public void freed(int[] frames) {
        queues.removed(frames);
        for (int frame : frames) {
            lineages[frame] = null;
        }
    }

    /** The lineage of the page that a frame holds; null if it holds none. */
    public @Nullable Lineage lineageOf(int frame) {
        return lineages[frame];
    }

    /** The address of the page that a frame holds. */
    public long addressOf(int frame) {
        return addresses[frame];
    }

    // ---- eviction

    public Mutex eviction() {
        return eviction;
    }

    public EvictionQueues queues() {
        return queues;
    }

    /** The number of pages to evict now, by the watermarks. For the thread that evicts in the background. */
    public int toEvict() {
        int wanted = device.isClosing() || device.isLost() ? 0 : watermarks.toEvict(pool().free(), isEvicting);
        isEvicting = wanted > 0;
        return wanted;
    }

    /** True if one more page can come without an eviction. */
    public boolean hasRoomAhead() {
        return pool().free() > watermarks.low();
    }

    @Override
    public String toString() {
        return device.toString();
    }
}
