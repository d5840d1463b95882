package io.quire.memory;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.OpenSpacesException;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.driver.MemoryOnlyDriver;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.guard.CallbackThread;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.platform.MachineMemory;
import io.quire.memory.platform.MemoryPromise;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.Machine;
import io.quire.memory.space.OpenSpaces;
import io.quire.memory.space.Policies;
import io.quire.memory.space.Space;
import io.quire.memory.trace.EventCounts;
import io.quire.memory.upkeep.Agent;
import io.quire.memory.upkeep.Ending;
import io.quire.memory.upkeep.Maintenance;
import io.quire.memory.upkeep.Recount;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Owns a pool of host memory of fixed size and the address spaces that live in it. The pool is taken when the manager
 * is opened and given back when it is closed. Its memory is provided by the operating system at the first touch, or
 * ahead of it ({@link Builder#touchAhead}), and goes back when it has been free for some time
 * ({@link Builder#giveBackAfter}) or when {@link #trim} is called.
 * <pre>{@code
 * try (MemoryManager memory = MemoryManager.builder().hostPool(1L << 30).build();
 *         AddressSpace space = memory.newAddressSpace();
 *         Accessor live = space.accessor()) {
 *     long address = space.map(64L << 20);
 *     live.setLong(address, 42);
 *     try (AddressSpace child = space.fork()) {
 *         live.setLong(address, 43);
 *         assert child.getLong(address) == 42;
 *     }
 * }
 * }</pre>
 * Any thread. An agent on a daemon thread destroys what dropped spaces leave behind; {@link Builder#backgroundAgent}
 * turns it off for those who call {@link #reclaim} on a thread of their own.
 */
public final class MemoryManager implements AutoCloseable {

    private static final System.Logger LOGGER = System.getLogger(MemoryManager.class.getName());

    private final Machine machine;
    private final MemoryPool hostPool;
    private final List<Device> devices;
    private final Maintenance maintenance;
    private final Ending ending;

    private MemoryManager(Builder builder, Machine machine) {
        this.machine = machine;
        hostPool = new MemoryPool(this, machine.pools().host(), 1);
        devices = machine.tiers().stream().map(tier -> new Device(this, machine, tier)).toList();
        maintenance = new Maintenance(machine, builder.giveBackDelay());
        ending = new Ending(machine, builder.backgroundAgent ? Agent.start(machine, maintenance) : null);
    }

    /** Begins to configure a manager. */
    public static Builder builder() {
        return new Builder();
    }

    /** Opens a space without any mapping, named by its number. */
    public AddressSpace newAddressSpace() {
        return newAddressSpace(null);
    }

    /**
     * Opens a space without any mapping.
     *
     * @param name for messages and statistics; null for a generated one
     * @throws io.quire.memory.contract.TooManySpacesException if the limit of open spaces is reached
     * @throws ClosedException after close
     */
    public AddressSpace newAddressSpace(@Nullable String name) {
        return Space.open(machine, name, space -> AddressSpace.of(this, space));
    }

    /**
     * Destroys some of what dropped spaces left behind. Needed only without the background agent, and even then every
     * slow path does some of it and nobody is refused a frame before all of it is done. Waits until the drivers have
     * been told which of their frames are free.
     *
     * @param nodes at most how many nodes of their tables, each of which frees up to 64 frames; positive
     * @return how many it was; 0 if there is nothing left to do
     * @throws IllegalArgumentException unless the number is positive
     * @throws ClosedException after close
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver
     */
    public int reclaim(int nodes) {
        if (nodes <= 0) {
            throw new IllegalArgumentException("the number of nodes is positive: nodes=" + nodes);
        }
        CallbackThread.requireOutside();
        checkOpen();
        StackRoom.require();
        int done = machine.reclaimer().reclaim(nodes);
        awaitTold();
        return done;
    }

    // ---- pools and devices

    /** The pool of the host. */
    public MemoryPool hostPool() {
        return hostPool;
    }

    /** All pools: the host's first, then those of the devices. */
    public List<MemoryPool> pools() {
        StackRoom.require();
        return Stream.concat(Stream.of(hostPool), devices.stream().map(Device::pool)).toList();
    }

    /**
     * The pool with a name; that of a device has the name of the device, that of the host is "host".
     *
     * @throws IllegalArgumentException if there is none
     */
    public MemoryPool pool(String name) {
        Objects.requireNonNull(name, "name");
        return pools().stream().filter(pool -> pool.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no pool has that name: name=" + name + ", pools="
                        + pools().stream().map(MemoryPool::name).toList()));
    }

    /** All devices, closed ones too. */
    public List<Device> devices() {
        return devices;
    }

    /**
     * The device with a name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Device device(String name) {
        StackRoom.require();
        Objects.requireNonNull(name, "name");
        return devices.stream().filter(device -> device.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no device has that name: name=" + name + ", devices="
                        + devices.stream().map(Device::name).toList()));
    }

    /**
     * Moves pages of a device to the host, those that were used least first. Whatever is not pinned at that moment can
     * go, whoever it belongs to; what closed spaces had alone is destroyed first, and counts as free and not as evicted.
     * Each page is tried at least once before this gives up, unless the host has no room.
     * <p>
     * When a driver fails, or anything else is thrown, the pages that were evicted before stay on the host; those of the
     * batch at hand, up to 64, are each either on the device, as if they had not been tried, or on the host; their
     * content is the same in both cases, and no page is left in between. The exception is all that is reported then.
     *
     * @param pool of a device
     * @param pages how many; positive
     * @return what was done; it may be less
     * @throws IllegalArgumentException if the pool is the host's or another manager's, or the number is not positive
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.DeviceClosedException if the device is closed, or is being closed
     * @throws ClosedException after close
     */
    public EvictionReport evict(MemoryPool pool, int pages) {
        Objects.requireNonNull(pool, "pool");
        checkOpen();
        if (pages < 1) {
            throw new IllegalArgumentException("at least one page is evicted: pages=" + pages);
        }
        StackRoom.require();
        return new EvictionReport(pool, pages, machine.evictor().evict(tier(pool), pages));
    }

    private DeviceTier tier(MemoryPool pool) {
        return machine.tiers().stream().filter(tier -> tier.pool() == pool.frames()).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("pages are evicted from devices of this manager: pool="
                        + pool.name()));
    }

    /**
     * Does what the background agent does, once: destroys what dropped spaces left behind, ends the segments of pins
     * that were closed, evicts from devices that have fewer free frames than the watermark, reports pins that overstay
     * and snapshots that grow old, and gives memory back that has been free for some time. For users who build without
     * the agent and call this from a thread of their own, again and again. If a part of it fails, the others are done
     * before this throws.
     *
     * @return how much was done; 0 if there was nothing to do
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails; nothing is lost
     * @throws ClosedException after close
     */
    public int maintain() {
        checkOpen();
        StackRoom.require();
        return maintenance.run();
    }

    /**
     * Gives the memory of what is free back to the operating system, in all pools whose memory is the library's own: the
     * host's, and those of {@link Builder#deviceCoherentPool}. The pools stay as large as they are, and free memory can
     * be used as before; its next first write waits for the operating system to provide it again. Destroys what dropped
     * spaces left behind first.
     * <p>
     * Memory goes back in units of 2 MiB that are wholly free, the size of a huge page: a single page in use keeps its
     * unit. What was never used, or not since it was given back, is left alone. The agent does the same with memory that
     * has been free for some time ({@link Builder#giveBackAfter}). Beside other threads that allocate, their frames come
     * from other units; one that would find none waits for the unit that is being given back.
     *
     * @return how many bytes; 0 without native access, where memory comes from an arena that has no way to give a part
     *         of it back
     * @throws ClosedException after close
     */
    public long trim() {
        checkOpen();
        StackRoom.require();
        machine.pins().endIdleViews();
        machine.reclaimer().reclaimAll();
        long given = 0;
        for (int number = 0; number < machine.pools().count(); number++) {
            boolean isGone = number > 0 && machine.tiers().get(number - 1).device().isClosed();
            given += isGone ? 0 : machine.pools().get(number).trim();
        }
        return given;
    }

    /**
     * The pins that are open now, also those of spaces that are closed. May wait for another operation on a space.
     *
     * @throws ClosedException after close
     */
    public List<OpenPin> openPins() {
        checkOpen();
        StackRoom.require();
        return machine.openPins().stream().map(OpenPin::of).toList();
    }

    public String name() {
        return machine.name();
    }

    /**
     * Reads the counters. Wait-free; approximate while other threads allocate.
     *
     * @throws ClosedException after close
     */
    public MemoryStatistics statistics() {
        checkOpen();
        StackRoom.require();
        EventCounts events = machine.events();
        return new MemoryStatistics(hostPool.sizeBytes(), hostPool.sizeBytes() - hostPool.freeBytes(),
                machine.spaces().count(), events.forks(), events.pagesZeroFilled(), events.pagesCopied(),
                events.pagesReused(),
                new TierStatistics(events.deviceFaults(), events.invalidations(), events.pagesToDevices(),
                        events.pagesToHost(), events.pagesBroughtHome(), events.pagesEvicted(), events.pagesCopiedOff(),
                        events.longTermPinsRefused(), machine.openPinCount(), machine.longPins().bytes()));
    }

    /**
     * The spaces that are open now, oldest first: forks, snapshots, and those of cursors too.
     *
     * @throws ClosedException after close
     */
    public List<OpenSpace> openSpaces() {
        checkOpen();
        StackRoom.require();
        return machine.spaces().list().stream().map(OpenSpace::of).toList();
    }

    /**
     * Closes the devices and gives the pool back to the operating system. If that fails half way, the manager opens no
     * more spaces, and this can be called again until it succeeds. Closing it again has no effect; while another thread
     * is closing it, this waits for that one.
     *
     * @throws OpenSpacesException if a space or a cursor is open; the manager stays open
     * @throws io.quire.memory.contract.PagesBusyException if a pin is open; the manager stays open
     * @throws io.quire.memory.contract.WaitTimeoutException if the agent does not come to an end within a minute
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver
     */
    @Override
    public void close() {
        CallbackThread.requireOutside(); // here, and not half way
        StackRoom.require();
        ending.close();
    }

    /**
     * Closes the manager with everything that is open: pins, cursors, spaces, and then what {@link #close()} does.
     * Whoever uses any of it afterwards gets a {@link ClosedException}, or from a segment what segments throw. A device
     * whose driver fails to let go of a space is given up, see {@link Device#giveUp}.
     * <p>
     * What other threads may be using at this moment is not taken from them: a pin of an accessor or a cursor whose
     * segments belong to a thread that has not ended, a pin of a space that a channel is writing. Such are waited for,
     * and if they are still in use then, named; all else is closed. Closing it again has no effect.
     *
     * @param timeout how long they are waited for; zero or more
     * @throws OpenSpacesException if a space or a cursor is still open then; the manager stays open
     * @throws io.quire.memory.contract.PagesBusyException if a pin is still open then; the manager stays open
     * @throws IllegalArgumentException if the timeout is negative
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver
     */
    public void closeAll(Duration timeout) {
        if (Objects.requireNonNull(timeout, "timeout").isNegative()) {
            throw new IllegalArgumentException("a timeout is zero or more: timeout=" + timeout);
        }
        CallbackThread.requireOutside();
        StackRoom.require();
        ending.closeAll(timeout);
    }

    /** Counts every reference anew; only while nothing else runs. For tests. */
    void check() {
        awaitTold();
        Recount.check(machine);
    }

    boolean isClosed() {
        return machine.spaces().isSealed();
    }

    /** Waits until the drivers have been told of all frames that went out of use. */
    void awaitTold() {
        machine.tiers().forEach(tier -> tier.device().awaitTold());
    }

    /** Refuses a manager that is closed. */
    void checkOpen() {
        if (isClosed()) {
            throw new ClosedException("memory manager " + name());
        }
    }

    @Override
    public String toString() {
        return "MemoryManager[" + name() + (isClosed() ? ", closed" : ", " + statistics()) + "]";
    }

    /** Configures and creates a {@link MemoryManager}. Not safe for use by several threads. */
    public static final class Builder {

        /** What is taken without being told: a quarter of what there is. */
        private static final int DEFAULT_SHARE = 4;

        private static final Duration GIVE_BACK_AFTER = Duration.ofSeconds(10);

        private static final AtomicBoolean DEFAULT_LOGGED = new AtomicBoolean();

        private String name = "memory";
        private long hostPoolBytes;
        private int maxSpaces = 1 << 16;
        private boolean leakTracking;
        private boolean backgroundAgent = true;
        private final Map<String, DeviceDriver> drivers = new LinkedHashMap<>();
        private CowPlacement cowPlacement = CowPlacement.HOST;
        private LongTermPolicy longTermPolicy = LongTermPolicy.REFUSE;
        private long longTermPinLimitBytes = -1;
        private Duration driverDeadline = Duration.ofSeconds(10);
        private Duration pinOverstay = Duration.ofSeconds(10);
        private Duration snapshotOverstay = Duration.ofHours(1);
        private boolean promotion;
        private @Nullable Duration giveBackAfter;
        private boolean touchAhead;
        private int lowPercent = 5;
        private int highPercent = 10;

        private Builder() {
        }

        /** The name that shows up in messages and statistics; "memory" if not given. */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * The size of the host pool, which is the limit of what all spaces together can hold. A quarter of the
         * container's or the machine's memory if not given.
         *
         * @param sizeBytes rounded up to whole pages
         * @throws IllegalArgumentException if it is not positive, or more than the machine or the container has
         */
        public Builder hostPool(long sizeBytes) {
            long available = MachineMemory.availableBytes();
            long largest = Math.min(available, (long) FramePool.FRAMES_MAX << FramePool.FRAME_SHIFT);
            if (sizeBytes <= 0 || sizeBytes > largest) {
                throw new IllegalArgumentException("a host pool is positive and fits into the memory of the container "
                        + "or machine: sizeBytes=" + sizeBytes + ", available=" + available + ", largest=" + largest);
            }
            hostPoolBytes = sizeBytes;
            return this;
        }

        /**
         * The most spaces, forks and snapshots that may be open at a time; 65,536 if not given.
         *
         * @throws IllegalArgumentException if it is not between 1 and 524,288
         */
        public Builder maxSpaces(int limit) {
            if (limit < 1 || limit > OpenSpaces.LIMIT) {
                throw new IllegalArgumentException("between 1 and " + OpenSpaces.LIMIT
                        + " spaces can be allowed: limit=" + limit);
            }
            maxSpaces = limit;
            return this;
        }

        /**
         * Whether every space remembers the stack that created it, for the reports of what is open. Makes a fork some
         * microseconds slower; off if not given.
         */
        public Builder leakTracking(boolean on) {
            leakTracking = on;
            return this;
        }

        /**
         * Adds a device and its memory, as a pool of the same name. One driver is one device.
         *
         * @param name unlike that of any other device, and not "host"
         * @throws IllegalArgumentException if the name is taken, or blank, or the driver is that of another device
         */
        public Builder device(String name, DeviceDriver driver) {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(driver, "driver");
            if (name.isBlank() || name.equals("host") || drivers.containsKey(name)) {
                throw new IllegalArgumentException("every device has a name of its own, and \"host\" is taken: name="
                        + name);
            }
            drivers.forEach((other, known) -> checkOther(name, driver, other, known));
            drivers.put(name, driver);
            return this;
        }

        @SuppressWarnings("ReferenceEquality") // two drivers that are equal are two drivers
        private static void checkOther(String name, DeviceDriver driver, String otherName, DeviceDriver other) {
            if (driver == other) {
                throw new IllegalArgumentException("one driver is one device: device=" + name + ", driver="
                        + driver.getClass().getName() + ", is already that of device=" + otherName
                        + "; give each device a driver of its own");
            }
        }

        /**
         * Adds a pool of coherent memory that no device works on.
         *
         * @param name unlike that of any other device, and not "host"
         * @param sizeBytes positive; rounded up to whole pages
         * @throws IllegalArgumentException if the name is taken or blank, or the size is not positive
         */
        public Builder deviceCoherentPool(String name, long sizeBytes) {
            Objects.requireNonNull(name, "name");
            return device(name, new MemoryOnlyDriver(Ranges.wholePages(Ranges.positive(sizeBytes))));
        }

        /** Where the copy of a shared device page goes when a sharer writes; to the host if not given. */
        public Builder cowPlacement(CowPlacement placement) {
            cowPlacement = Objects.requireNonNull(placement, "placement");
            return this;
        }

        /** What happens to a long-term pin of coherent memory; it is refused if not given. */
        public Builder longTermPolicy(LongTermPolicy policy) {
            longTermPolicy = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * How much of the host may be pinned for long at a time; half of the host pool if not given.
         *
         * @throws IllegalArgumentException if it is negative
         */
        public Builder longTermPinLimit(long sizeBytes) {
            if (sizeBytes < 0) {
                throw new IllegalArgumentException("a limit cannot be negative: sizeBytes=" + sizeBytes);
            }
            longTermPinLimitBytes = sizeBytes;
            return this;
        }

        /**
         * How long a driver may take for one call, from when it is made, before its device counts as lost; ten seconds
         * if not given. A call waits for those before it, each of which has the same limit.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder driverDeadline(Duration deadline) {
            driverDeadline = positive(deadline);
            return this;
        }

        /**
         * How long a short-term pin may be held before it is reported, once, as a warning; ten seconds if not given.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder pinOverstay(Duration overstay) {
            pinOverstay = positive(overstay);
            return this;
        }

        /**
         * How long a fork or snapshot may be open and hold pages that no other space maps before it is reported, once,
         * as a warning; an hour if not given. Looking for such pages takes as many steps as the space has.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder snapshotOverstay(Duration overstay) {
            snapshotOverstay = positive(overstay);
            return this;
        }

        /**
         * How much of each device is kept free, in percent of its frames: eviction begins below the first, and ends at
         * the second. 5 and 10 if not given; 0 and 0 evict only when a frame is needed.
         *
         * @throws IllegalArgumentException unless 0 &lt;= low &lt;= high &lt;= 100
         */
        public Builder watermarks(int low, int high) {
            if (low < 0 || low > high || high > 100) {
                throw new IllegalArgumentException("watermarks are percents, the low one first: low=" + low + ", high="
                        + high);
            }
            lowPercent = low;
            highPercent = high;
            return this;
        }

        /**
         * Whether pages that were evicted come back to their device when they are used twice again; off if not given.
         * Pauses by itself when pages that came back are evicted soon after.
         */
        public Builder promotion(boolean on) {
            promotion = on;
            return this;
        }

        /**
         * How long memory must have been free before the agent, or {@link MemoryManager#maintain}, gives it back to the
         * operating system, as {@link MemoryManager#trim} does; it may take twice the time. Ten seconds if not given;
         * never if the memory is {@linkplain #touchAhead touched ahead} and this is not given.
         *
         * @param idle {@link Duration#ZERO} for never
         * @throws IllegalArgumentException if it is negative
         */
        public Builder giveBackAfter(Duration idle) {
            if (Objects.requireNonNull(idle, "idle").isNegative()) {
                throw new IllegalArgumentException("a time is not negative: time=" + idle);
            }
            giveBackAfter = idle;
            return this;
        }

        private Duration giveBackDelay() {
            if (giveBackAfter == null) {
                return touchAhead ? Duration.ZERO : GIVE_BACK_AFTER;
            }
            return giveBackAfter;
        }

        /**
         * Whether {@link #build} has the operating system provide all memory of the host pool, instead of at the first
         * touch of each huge page. Building takes longer, some 0.2 s for each GiB; a first write then never waits for
         * the kernel to clear 2 MiB. Off if not given. Without native access it always is so.
         */
        public Builder touchAhead(boolean on) {
            touchAhead = on;
            return this;
        }

        private static Duration positive(Duration time) {
            if (Objects.requireNonNull(time, "time").isNegative() || time.isZero()) {
                throw new IllegalArgumentException("a time limit is positive: time=" + time);
            }
            return time;
        }

        /** Whether a daemon thread does what {@link MemoryManager#maintain()} does; on if not given. */
        public Builder backgroundAgent(boolean on) {
            backgroundAgent = on;
            return this;
        }

        /**
         * Takes the pool, links the drivers, and opens the manager. If that fails, nothing is left of it. Warns in the
         * log if all managers of the process together have promised more memory than there is.
         *
         * @throws IllegalArgumentException if a driver lacks what its kind needs: memory, or ways to copy; or if it
         *         belongs to a device of another manager that is not closed
         * @throws io.quire.memory.contract.DriverFailedException if a driver fails to say what memory it has
         * @throws IllegalStateException if the operating system refuses the memory
         */
        public MemoryManager build() {
            StaticInitializers.run();
            Rehearsal.begin();
            StackRoom.require();
            int frames = frames();
            List<MemoryOnlyDriver> ours = new ArrayList<>();
            FramePools.Builder pools = new FramePools.Builder(frames, name, memoryOnlyBytes());
            List<DeviceTier> tiers = new ArrayList<>();
            MemoryManager manager = null;
            try {
                if (touchAhead) {
                    touch(pools);
                }
                manager = new MemoryManager(this, machine(frames, pools, ours, tiers));
                manager.ending.watchedThrough(manager);
                Rehearsal.awaitEnd();
                return manager;
            } catch (Throwable refused) {
                if (manager != null) {
                    manager.ending.close(); // there is an agent
                } else {
                    tiers.forEach(tier -> tier.device().abandon());
                    pools.abandon();
                    ours.forEach(MemoryOnlyDriver::close);
                }
                throw refused;
            }
        }

        private Machine machine(int frames, FramePools.Builder pools, List<MemoryOnlyDriver> ours,
                List<DeviceTier> tiers) {
            drivers.forEach(
                    (device, driver) -> tiers.add(new DeviceTier(ManagedDevice.of(name, device, tiers.size() + 1,
                            ownOf(driver, ours), driverDeadline, pools), lowPercent, highPercent)));
            long limit = longTermPinLimitBytes >= 0 ? longTermPinLimitBytes
                    : ((long) frames << FramePool.FRAME_SHIFT) / 2;
            Machine machine = new Machine(name, pools.build(), tiers, maxSpaces,
                    new Policies(cowPlacement, longTermPolicy, limit, pinOverstay, snapshotOverstay, promotion,
                            leakTracking));
            String excess = MemoryPromise.excess();
            if (excess != null) {
                LOGGER.log(System.Logger.Level.WARNING, excess);
            }
            return machine;
        }

        /** Every manager that is built has memory of its own. */
        private static DeviceDriver ownOf(DeviceDriver driver, List<MemoryOnlyDriver> ours) {
            if (!(driver instanceof MemoryOnlyDriver memory)) {
                return driver;
            }
            MemoryOnlyDriver own = new MemoryOnlyDriver(memory.sizeBytes());
            ours.add(own);
            return own;
        }

        private long memoryOnlyBytes() {
            long sum = 0;
            for (DeviceDriver driver : drivers.values()) {
                sum += driver instanceof MemoryOnlyDriver memory ? memory.sizeBytes() : 0;
            }
            return sum;
        }

        private void touch(FramePools.Builder pools) {
            pools.touch(done -> LOGGER.log(System.Logger.Level.DEBUG, () -> "memory manager " + name
                    + " touches its memory: " + (done >> 20) + " MiB"));
        }

        private int frames() {
            return Math.toIntExact((poolBytes() + FramePool.FRAME_BYTES - 1) >>> FramePool.FRAME_SHIFT);
        }

        private long poolBytes() {
            if (hostPoolBytes > 0) {
                return hostPoolBytes;
            }
            long share = Math.min(MachineMemory.availableBytes() / DEFAULT_SHARE,
                    (long) FramePool.FRAMES_MAX << FramePool.FRAME_SHIFT);
            if (DEFAULT_LOGGED.compareAndSet(false, true)) {
                LOGGER.log(System.Logger.Level.INFO, "no hostPool was given: taking a quarter of the available memory, "
                        + share + " bytes");
            }
            return share;
        }
    }
}
