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
 * A device as a tier of memory: which page of which lineage each of its frames holds, and the queues and watermarks that
 * say which page goes next, and when. Any thread.
 */
public final class DeviceTier implements ManagedDevice.FreeListener {

    private final ManagedDevice device;

    // RACY(frame-owner): where the page of a frame is. Written by who maps the frame, read by who looks for victims and
    // then makes sure under the locks; an old or half new answer is a wasted look, and the next one is right.
    private final @Nullable Lineage[] lineages;
    private final long[] addresses;

    private final EvictionQueues queues;
    private final Watermarks watermarks;

    /** Held by who looks for victims: one at a time. */
    private final Mutex eviction = new Mutex();
    private boolean isEvicting;

    /**
     * The tier of a device.
     *
     * @param lowPercent how much of the pool is free when eviction begins
     * @param highPercent how much is free when it ends
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
     * @param offsets by page, its frame
     * @param pages which of them
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

    /** A run of frames at a time: most collectors want to know of every reference that is stored by itself. */
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

    /** Whose page a frame holds; null if nobody's. */
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

    /** How many pages should go now, by the watermarks; for the one who evicts in the background. */
    public int toEvict() {
        int wanted = device.isClosing() || device.isLost() ? 0 : watermarks.toEvict(pool().free(), isEvicting);
        isEvicting = wanted > 0;
        return wanted;
    }

    /** Whether a page can come without the next one having to go. */
    public boolean hasRoomAhead() {
        return pool().free() > watermarks.low();
    }

    @Override
    public String toString() {
        return device.toString();
    }
}
