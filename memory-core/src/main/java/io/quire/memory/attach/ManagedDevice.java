package io.quire.memory.attach;

import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.driver.DriverCalls;
import io.quire.memory.driver.KnownDrivers;
import io.quire.memory.driver.MemoryOnlyDriver;
import io.quire.memory.frame.FrameListener;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.frame.ReservedMemory;
import io.quire.memory.platform.Reservation;
import io.quire.memory.table.Geometry;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** The library's side of one device: its driver, its pool, and the mirrors of the spaces attached to it. Any thread. */
public final class ManagedDevice implements FrameListener {

    private static final System.Logger LOGGER = System.getLogger(ManagedDevice.class.getName());

    /** The name of the call that asks a driver for frames. */
    private static final String ASK = "take frames";

    private final Set<Mirror> mirrors = ConcurrentHashMap.newKeySet();
    private final String name;
    private final int id;
    private final DeviceDriver driver;
    private final DriverCalls calls;
    private final FramePool pool;

    /** Is told of freed frames, too. Set before another thread knows of this. */
    private @Nullable FreeListener freeListener;

    /** True if no frame is handed out any more. */
    private volatile boolean closing;
    private volatile boolean closed;

    private ManagedDevice(String name, int id, DeviceDriver driver, Duration deadline, FramePools.Builder pools) {
        this.name = name;
        this.id = id;
        this.driver = driver;
        this.calls = driver instanceof MemoryOnlyDriver ? DriverCalls.inPlace(name)
                : DriverCalls.onThreadOfItsOwn(name, deadline, driver instanceof PrivateDriver);
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
    }

    /**
     * Links a driver and adds its pool.
     *
     * @param manager the name of the manager, for messages
     * @param id positive, and different for each device: one more than the number of pools so far
     * @param deadline how long a call of the driver may take
     * @throws IllegalArgumentException if the driver lacks what its kind needs, or belongs to another device
     * @throws DriverFailedException if the driver fails to describe its memory
     */
    public static ManagedDevice of(String manager, String name, int id, DeviceDriver driver, Duration deadline,
            FramePools.Builder pools) {
        boolean isCoherent = driver instanceof CoherentDriver;
        if (isCoherent == driver instanceof PrivateDriver) {
            throw new IllegalArgumentException("a driver is either a CoherentDriver, which has memory(), or a "
                    + "PrivateDriver, which has copyToHost() and copyToDevice(): device=" + name
                    + ", driver=" + driver.getClass().getName());
        }
        KnownDrivers.claim(driver, name + " of memory manager " + manager);
        boolean linked = false;
        try {
            ManagedDevice link = new ManagedDevice(name, id, driver, deadline, pools);
            linked = true;
            return link;
        } finally {
            if (!linked) {
                KnownDrivers.release(driver);
            }
        }
    }

    /** Lets the driver go because the build of the manager failed. The driver was not used, and is not closed. */
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
    public PrivateDriver privateDriver() {
        return (PrivateDriver) driver;
    }

    public DriverCalls calls() {
        return calls;
    }

    public boolean isPrivate() {
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
     * @return how many frames the driver grants; 0 if it throws, as if it had refused the first
     * @throws DriverFailedException if the driver does not answer in time, or its number is negative or too large
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
            request.giveBack(request.withdraw()); // an Error may have come after the answer
            LOGGER.log(System.Logger.Level.WARNING, "device " + name + " failed to take frames", failed);
            return 0;
        } finally {
            if (!answered) { // an Error has ended the wait: the driver has to hear that the frames are free again
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
        return driver instanceof MemoryOnlyDriver;
    }

    private boolean refusesFrames() {
        // ORDER(device-emptied) fence: the frames are in use before this looks: a closing thread sees them, or is seen.
        VarHandle.fullFence();
        return closing || calls.isLost();
    }

    @Override
    public void freed(int[] frames) {
        if (freeListener != null) {
            freeListener.freed(frames);
        }
        for (int frame : frames) {
            calls.freed(frame);
        }
    }

    @Override
    public void freed(int frame) {
        if (freeListener != null) {
            freeListener.freed(frame);
        }
        calls.freed(frame);
    }

    /** Waits until the driver has been told of the frames that were freed before, or has failed. */
    public void awaitTold() {
        try {
            calls.awaitTold();
        } catch (DriverFailedException lost) {
            LOGGER.log(System.Logger.Level.WARNING, "device " + name + " was not told of freed frames", lost);
        }
    }

    /** Is told of freed frames before another thread can take one. Throws nothing, and allocates nothing. */
    public interface FreeListener {

        void freed(int frame);

        void freed(int[] frames);
    }

    /** Sets who else is told of freed frames. Called once, by the thread that builds the manager. */
    public void tellFreed(FreeListener listener) {
        freeListener = listener;
    }

    /**
     * Returns the translation of a page for this device.
     *
     * @param pools all pools of the manager
     * @param frame the offset of the frame
     * @param access what the device may do
     */
    public PageTranslation translation(FramePools pools, long page, long frame, DeviceAccess access) {
        boolean isUnreachable = pools.of(frame).memory() == null;
        return new PageTranslation(page, pool.contains(frame) ? pool.frame(frame) : -1,
                isUnreachable ? null : pools.memory().slice(frame, Geometry.PAGE_BYTES), access);
    }

    // ---- mirrors

    void add(Mirror mirror) {
        mirrors.add(mirror);
    }

    void remove(Mirror mirror) {
        mirrors.remove(mirror);
    }

    public Collection<Mirror> mirrors() {
        return mirrors;
    }

    // ---- the end

    /** Throws if the device is closed or closing. */
    public void checkOpen() {
        if (closing) {
            throw new DeviceClosedException(name);
        }
    }

    /** True if its driver is not called any more. */
    public boolean isLost() {
        return calls.isLost();
    }

    public boolean isClosed() {
        return closed;
    }

    public boolean isClosing() {
        return closing;
    }

    public void setClosing(boolean now) {
        closing = now;
        // ORDER(device-emptied) fence: then the frames are looked at.
        VarHandle.fullFence();
    }

    public void closeDriver() {
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
