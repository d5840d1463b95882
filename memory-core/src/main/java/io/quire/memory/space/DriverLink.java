package io.quire.memory.space;

import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.driver.DriverCalls;
import io.quire.memory.frame.FrameListener;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.frame.ReservedMemory;
import io.quire.memory.platform.Reservation;
import io.quire.memory.table.Geometry;
import io.quire.memory.tier.EvictionQueues;
import io.quire.memory.tier.Watermarks;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The library's side of one device: its driver, its pool, the spaces attached to it, and for each frame which page of
 * which lineage it holds. Any thread.
 */
public final class DriverLink implements FrameListener {

    private static final System.Logger LOGGER = System.getLogger(DriverLink.class.getName());

    private final Set<Mirror> mirrors = ConcurrentHashMap.newKeySet();
    private final String name;
    private final int id;
    private final DeviceDriver driver;
    private final DriverCalls calls;
    private final FramePool pool;

    // RACY(frame-owner): where the page of a frame is. Written by who maps the frame, read by who looks for victims and
    // then makes sure under the locks; an old or half new answer is a wasted look, and the next one is right.
    private final @Nullable Lineage[] lineages;
    private final long[] addresses;

    private final EvictionQueues queues;
    private final Watermarks watermarks;

    /** Held by who looks for victims: one at a time. */
    private final ReentrantLock eviction = new ReentrantLock();
    private boolean evicting;

    /** No frame is handed out any more. */
    private volatile boolean closing;
    private volatile boolean closed;

    private DriverLink(String name, int id, DeviceDriver driver, Duration deadline, int lowPercent, int highPercent,
            FramePools.Builder pools) {
        this.name = name;
        this.id = id;
        this.driver = driver;
        this.calls = new DriverCalls(name, deadline);
        this.pool = driver instanceof CoherentDriver coherent
                ? pools.addCoherent(name, memoryOf(coherent), reservationOf(coherent), this)
                : pools.addPrivate(name, ((PrivateDriver) driver).frames(), this);
        this.lineages = new Lineage[pool.frames()];
        this.addresses = new long[pool.frames()];
        this.queues = new EvictionQueues(pool.frames());
        this.watermarks = Watermarks.ofPercent(pool.frames(), lowPercent, highPercent);
    }

    /**
     * Links a driver and adds its pool.
     *
     * @param id positive, unlike that of other devices; one more than the pools there are before
     * @param deadline how long a call of the driver may take
     * @param lowPercent how much of the pool is free when eviction begins
     * @param highPercent how much is free when it ends
     * @throws IllegalArgumentException if the driver lacks what its kind needs
     */
    public static DriverLink of(String name, int id, DeviceDriver driver, Duration deadline, int lowPercent,
            int highPercent, FramePools.Builder pools) {
        boolean isCoherent = driver instanceof CoherentDriver;
        if (isCoherent == driver instanceof PrivateDriver) {
            throw new IllegalArgumentException("a driver is either a CoherentDriver, which has memory(), or a "
                    + "PrivateDriver, which has copyToHost() and copyToDevice(): device=" + name
                    + ", driver=" + driver.getClass().getName());
        }
        return new DriverLink(name, id, driver, deadline, lowPercent, highPercent, pools);
    }

    private MemorySegment memoryOf(CoherentDriver coherent) {
        MemorySegment memory = coherent.memory();
        boolean fits = memory != null && memory.isNative() && !memory.isReadOnly()
                && memory.byteSize() >= Geometry.PAGE_BYTES && Geometry.pageOffset(memory.byteSize()) == 0
                && Geometry.pageOffset(memory.address()) == 0 && memory.isAccessibleBy(new Thread(() -> { }));
        if (!fits) {
            throw new IllegalArgumentException("the memory of a coherent device is a native segment of whole pages of "
                    + Geometry.PAGE_BYTES + " bytes, aligned to that, writable by every thread: device=" + name
                    + ", memory=" + memory);
        }
        return Objects.requireNonNull(memory);
    }

    private static @Nullable Reservation reservationOf(CoherentDriver coherent) {
        return coherent instanceof ReservedMemory ours ? ours.reservation() : null;
    }

    public String name() {
        return name;
    }

    /** Positive. */
    public int id() {
        return id;
    }

    public FramePool pool() {
        return pool;
    }

    DeviceDriver driver() {
        return driver;
    }

    /** The driver of a private device. */
    PrivateDriver privateDriver() {
        return (PrivateDriver) driver;
    }

    DriverCalls calls() {
        return calls;
    }

    boolean isPrivate() {
        return pool.kind() == PoolKind.DEVICE_PRIVATE;
    }

    // ---- frames

    @Override
    public boolean allocated(int frame) {
        if (refusesFrames()) {
            return false;
        }
        try {
            return driver.frameAllocated(frame);
        } catch (RuntimeException thrown) {
            LOGGER.log(System.Logger.Level.WARNING, "device " + name + " failed to take a frame", thrown);
            return false;
        }
    }

    @Override
    public int allocated(int[] frames) {
        if (refusesFrames()) {
            return 0;
        }
        try {
            return Math.clamp(driver.framesAllocated(frames), 0, frames.length);
        } catch (RuntimeException thrown) {
            LOGGER.log(System.Logger.Level.WARNING, "device " + name + " failed to take frames", thrown);
            return 0; // as if it had refused the first
        }
    }

    private boolean refusesFrames() {
        // ORDER(device-emptied) fence: the frames are in use before this looks, so whoever closes sees them or is seen.
        VarHandle.fullFence();
        return closing || calls.isLost();
    }

    @Override
    public void freed(int[] frames) {
        queues.removed(frames);
        for (int frame : frames) {
            lineages[frame] = null;
        }
        if (calls.isLost()) {
            return;
        }
        try {
            driver.framesFreed(frames.clone()); // what it does to the array is its own affair
        } catch (RuntimeException thrown) {
            LOGGER.log(System.Logger.Level.WARNING, "device " + name + " failed to take frames back", thrown);
        }
    }

    @Override
    public void freed(int frame) {
        queues.removed(frame);
        lineages[frame] = null;
        if (calls.isLost()) {
            return;
        }
        try {
            driver.frameFreed(frame);
        } catch (RuntimeException thrown) {
            LOGGER.log(System.Logger.Level.WARNING, "device " + name + " failed to take a frame back", thrown);
        }
    }

    /** Notes which page a frame is about to hold. */
    void holds(long offset, Lineage lineage, long address) {
        int frame = pool.frame(offset);
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
    void holds(long[] offsets, long pages, Lineage lineage, long leafStart) {
        int[] frames = new int[LeafPages.count(pages)];
        int count = 0;
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            int frame = pool.frame(offsets[page]);
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

    /** Whose page a frame holds; null if nobody's. */
    @Nullable Lineage lineageOf(int frame) {
        return lineages[frame];
    }

    /** The address of the page that a frame holds. */
    long addressOf(int frame) {
        return addresses[frame];
    }

    // ---- eviction

    ReentrantLock eviction() {
        return eviction;
    }

    EvictionQueues queues() {
        return queues;
    }

    /** How many pages should go now, by the watermarks; for the one who evicts in the background. */
    int toEvict() {
        int wanted = closing || calls.isLost() ? 0 : watermarks.toEvict(pool.free(), evicting);
        evicting = wanted > 0;
        return wanted;
    }

    /** Whether a page can come without the next one having to go. */
    boolean hasRoomAhead() {
        return pool.free() > watermarks.low();
    }

    // ---- mirrors

    void add(Mirror mirror) {
        mirrors.add(mirror);
    }

    void remove(Mirror mirror) {
        mirrors.remove(mirror);
    }

    Collection<Mirror> mirrors() {
        return mirrors;
    }

    // ---- the end

    /** Refuses a device that is closed, or being closed. */
    public void checkOpen() {
        if (closing) {
            throw new DeviceClosedException("the device is closed: device=" + name);
        }
    }

    public boolean isClosed() {
        return closed;
    }

    boolean isClosing() {
        return closing;
    }

    void setClosing(boolean now) {
        closing = now;
        // ORDER(device-emptied) fence: then the frames are looked at.
        VarHandle.fullFence();
    }

    void closeDriver() {
        closed = true;
        try {
            if (!calls.isLost()) {
                calls.run("close", () -> {
                    driver.close();
                });
            }
        } finally {
            calls.close();
        }
    }

    @Override
    public String toString() {
        return name + (closed ? " (closed)" : calls.isLost() ? " (lost)" : "");
    }
}
