package io.quire.memory.space;

import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.driver.DriverCalls;
import io.quire.memory.driver.KnownDrivers;
import io.quire.memory.driver.MemoryOnly;
import io.quire.memory.frame.FrameListener;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.frame.ReservedMemory;
import io.quire.memory.guard.Mutex;
import io.quire.memory.platform.Reservation;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.LeafPages;
import io.quire.memory.tier.EvictionQueues;
import io.quire.memory.tier.Watermarks;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The library's side of one device: its driver, its pool, the spaces attached to it, and for each frame which page of
 * which lineage it holds. Any thread.
 */
public final class DriverLink implements FrameListener {

    private static final System.Logger LOGGER = System.getLogger(DriverLink.class.getName());

    /** What a driver is called for when it is asked for frames. */
    private static final String ASK = "take frames";

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
    private final Mutex eviction = new Mutex();
    private boolean evicting;

    /** No frame is handed out any more. */
    private volatile boolean closing;
    private volatile boolean closed;

    private DriverLink(String name, int id, DeviceDriver driver, Duration deadline, int lowPercent, int highPercent,
            FramePools.Builder pools) {
        this.name = name;
        this.id = id;
        this.driver = driver;
        this.calls = driver instanceof MemoryOnly ? DriverCalls.inPlace(name)
                : DriverCalls.onThreadOfItsOwn(name, deadline);
        boolean linked = false;
        try {
            this.pool = driver instanceof CoherentDriver coherent
                    ? pools.addCoherent(name, memoryOf(coherent), reservationOf(coherent), this)
                    : pools.addPrivate(name, calls.call("frames", ((PrivateDriver) driver)::frames), this);
            linked = true;
        } finally {
            if (!linked) {
                calls.close();
            }
        }
        calls.tellsOfFreed(driver, pool.frames());
        this.lineages = new Lineage[pool.frames()];
        this.addresses = new long[pool.frames()];
        this.queues = new EvictionQueues(pool.frames());
        this.watermarks = Watermarks.ofPercent(pool.frames(), lowPercent, highPercent);
    }

    /**
     * Links a driver and adds its pool.
     *
     * @param manager whose device it is, for messages
     * @param id positive, unlike that of other devices; one more than the pools there are before
     * @param deadline how long a call of the driver may take
     * @param lowPercent how much of the pool is free when eviction begins
     * @param highPercent how much is free when it ends
     * @throws IllegalArgumentException if the driver lacks what its kind needs, or is that of another device
     * @throws DriverFailedException if it fails to say what it has
     */
    public static DriverLink of(String manager, String name, int id, DeviceDriver driver, Duration deadline,
            int lowPercent, int highPercent, FramePools.Builder pools) {
        boolean isCoherent = driver instanceof CoherentDriver;
        if (isCoherent == driver instanceof PrivateDriver) {
            throw new IllegalArgumentException("a driver is either a CoherentDriver, which has memory(), or a "
                    + "PrivateDriver, which has copyToHost() and copyToDevice(): device=" + name
                    + ", driver=" + driver.getClass().getName());
        }
        KnownDrivers.claim(driver, name + " of memory manager " + manager);
        boolean linked = false;
        try {
            DriverLink link = new DriverLink(name, id, driver, deadline, lowPercent, highPercent, pools);
            linked = true;
            return link;
        } finally {
            if (!linked) {
                KnownDrivers.release(driver);
            }
        }
    }

    /** Lets go of the driver when no manager comes of it; it was not used, and is not closed. */
    public void abandon() {
        calls.close();
        KnownDrivers.release(driver);
    }

    private MemorySegment memoryOf(CoherentDriver coherent) {
        MemorySegment memory = calls.call("memory", coherent::memory);
        boolean fits = memory != null && memory.isNative() && !memory.isReadOnly()
                && memory.byteSize() >= Geometry.PAGE_BYTES && Geometry.pageOffset(memory.byteSize()) == 0
                && Geometry.pageOffset(memory.address()) == 0 && memory.isAccessibleBy(new Thread(() -> {}));
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
        return !refusesFrames() && ask(new int[] {frame}, () -> driver.frameAllocated(frame) ? 1 : 0) > 0;
    }

    @Override
    public int allocated(int[] frames) {
        return refusesFrames() ? 0 : ask(frames, () -> driver.framesAllocated(frames));
    }

    /**
     * Asks the driver for frames.
     *
     * @return how many it grants; none, as if it had refused the first, if it throws
     * @throws DriverFailedException if it does not answer in time, or more than it was asked for, or less than nothing
     */
    private int ask(int[] frames, IntSupplier question) {
        int most = frames.length;
        if (isMemoryOnly()) {
            return most;
        }
        FrameRequest request = new FrameRequest(calls, frames, question);
        boolean answered = false;
        int granted;
        try {
            granted = calls.call(ASK, request);
            answered = true;
        } catch (DriverFailedException failed) {
            answered = true;
            if (calls.isLost()) {
                throw failed;
            }
            request.giveBack(request.withdraw()); // an Error may have come behind the answer
            LOGGER.log(System.Logger.Level.WARNING, "device " + name + " failed to take frames", failed);
            return 0;
        } finally {
            if (!answered) { // an Error has ended the wait: what the driver grants it has to hear of again
                request.giveBack(request.withdraw());
            }
        }
        if (granted < 0 || granted > most) {
            throw new DriverFailedException(name, ASK, DriverFailedException.NO_CODE, "it granted " + granted + " of "
                    + most + " frames", null);
        }
        return granted;
    }

    private boolean isMemoryOnly() {
        return driver instanceof MemoryOnly;
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
            calls.freed(frame);
        }
    }

    @Override
    public void freed(int frame) {
        queues.removed(frame);
        lineages[frame] = null;
        calls.freed(frame);
    }

    /** Waits until the driver has been told of what went out of use before, or has failed. */
    public void awaitTold() {
        try {
            calls.awaitTold();
        } catch (DriverFailedException lost) {
            LOGGER.log(System.Logger.Level.WARNING, "device " + name + " was not told of freed frames", lost);
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

    Mutex eviction() {
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

    /** Whether its driver is called no more. */
    public boolean isLost() {
        return calls.isLost();
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

    /** Has the driver not be called any more, and ends its mirrors: what a space does is no news for it from here on. */
    public void giveUp() {
        checkOpen();
        calls.giveUp();
        List.copyOf(mirrors).forEach(Mirror::detach);
    }

    void closeDriver() {
        closed = true;
        try {
            if (!calls.isLost()) {
                calls.run("close", driver::close);
            }
        } finally {
            calls.close();
            KnownDrivers.release(driver);
        }
    }

    @Override
    public String toString() {
        return name + (closed ? " (closed)" : calls.isLost() ? " (lost)" : "");
    }
}
