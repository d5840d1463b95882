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
 * Owns a pool of host memory of fixed size, the memory of its devices, and the address spaces that live in them.
 * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="manager"}
 * <p>
 * <b>Memory.</b> The manager reserves its pool when it is built and gives it back when it is closed. The operating
 * system provides the memory at the first touch, or ahead of it ({@link Builder#touchAhead}). Memory that has been free
 * for some time goes back to the operating system ({@link Builder#giveBackAfter}); {@link #trim} does that at once.
 * <p>
 * <b>Threads.</b> Any thread may call any method. A daemon thread, the agent, does the work in the background, such as
 * to destroy what closed spaces leave behind. {@link Builder#backgroundAgent} turns it off; then call {@link #maintain}
 * from a thread of your own.
 * <p>
 * <b>Progress.</b> A method that only reads a value or a counter does not wait; the others say what they wait for.
 *
 * @see AddressSpace
 * @see MemoryPool
 * @see Device
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

    /**
     * Begins to configure a manager.
     *
     * @return a builder with the defaults that its methods name
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Opens a space without any mapping and names it by its number.
     *
     * @return the space, to be closed by the caller
     * @throws io.quire.memory.contract.TooManySpacesException if {@link Builder#maxSpaces} spaces are open
     * @throws ClosedException after close
     * @see #newAddressSpace(String)
     */
    public AddressSpace newAddressSpace() {
        return newAddressSpace(null);
    }

    /**
     * Opens a space without any mapping.
     * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="space"}
     *
     * @param name for messages and statistics; need not be unique; null for a generated one
     * @return the space, to be closed by the caller
     * @throws io.quire.memory.contract.TooManySpacesException if {@link Builder#maxSpaces} spaces are open
     * @throws ClosedException after close
     * @see AddressSpace#map(long)
     */
    public AddressSpace newAddressSpace(@Nullable String name) {
        return Space.open(machine, name, space -> AddressSpace.of(this, space));
    }

    /**
     * Destroys a part of what closed spaces left behind, and waits until the drivers know which of their frames are
     * free. You need not call this: the agent does the same, each fault does a little of it, and
     * all of it is done before an operation is refused for want of a frame.
     *
     * @param nodes the most table nodes to destroy, each of which frees up to 64 frames; 1 or more
     * @return how many nodes it destroyed, 0 to {@code nodes}; 0 if there is nothing left to do
     * @throws IllegalArgumentException if {@code nodes} is 0 or negative
     * @throws ClosedException after close
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     * @see #maintain
     */
    public int reclaim(int nodes) {
        if (nodes <= 0) {
            throw new IllegalArgumentException("the number of nodes must be positive: nodes=" + nodes);
        }
        CallbackThread.requireOutside();
        checkOpen();
        StackRoom.require();
        int done = machine.reclaimer().reclaim(nodes);
        awaitTold();
        return done;
    }

    // ---- pools and devices

    /**
     * Returns the pool of the host.
     *
     * @return always the same pool
     */
    public MemoryPool hostPool() {
        return hostPool;
    }

    /**
     * Returns all pools: the host's first, then those of the devices in the order of the builder.
     *
     * @return a list that does not change
     */
    public List<MemoryPool> pools() {
        StackRoom.require();
        return Stream.concat(Stream.of(hostPool), devices.stream().map(Device::pool)).toList();
    }

    /**
     * Returns the pool with a name. The pool of a device has the name of the device; the host's is "host".
     *
     * @param name of the pool
     * @return the pool
     * @throws IllegalArgumentException if no pool has the name
     * @see AddressSpace#migrate(long, long, MemoryPool)
     */
    public MemoryPool pool(String name) {
        Objects.requireNonNull(name, "name");
        return pools().stream().filter(pool -> pool.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no pool has that name: name=" + name + ", pools="
                        + pools().stream().map(MemoryPool::name).toList()));
    }

    /**
     * Returns all devices in the order of the builder, closed ones too.
     *
     * @return a list that does not change
     */
    public List<Device> devices() {
        return devices;
    }

    /**
     * Returns the device with a name.
     *
     * @param name of the device, as the builder was given it
     * @return the device, which may be closed
     * @throws IllegalArgumentException if no device has the name
     */
    public Device device(String name) {
        StackRoom.require();
        Objects.requireNonNull(name, "name");
        return devices.stream().filter(device -> device.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no device has that name: name=" + name + ", devices="
                        + devices.stream().map(Device::name).toList()));
    }

    /**
     * Moves pages of a device to the host, those that were used least first.
     * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="evict"}
     * <p>
     * Every page that is not pinned can go, whichever space it belongs to. What closed spaces held alone is destroyed
     * first; it counts as free, not as evicted. Each page is tried at least once before this gives up, unless the host
     * has no room.
     * <p>
     * <b>Cost.</b> Before a page is chosen, the driver is asked if the device has used it
     * ({@link io.quire.memory.device.DeviceDriver#testAndClearAccessed}): one call for each space that has the page and
     * that the device is attached to. A page in use is passed over and asked about again later. So on a busy device one
     * evicted page may take many calls, each of which waits for the driver.
     * <p>
     * When a driver fails, or anything else is thrown, there is no report. Pages that were evicted before stay on the
     * host. Each page of the current batch of up to 64 is either still on the device or on the host, with the same
     * content.
     *
     * @param pool of a device of this manager
     * @param pages how many pages to move; 1 or more
     * @return what became of each page that was tried; fewer pages than wanted may have moved
     * @throws IllegalArgumentException if the pool is the host's or another manager's, or {@code pages} is 0 or
     *         negative
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.DeviceClosedException if the device is closed, or is being closed
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     * @throws ClosedException after close
     * @see AddressSpace#migrate(long, long, MemoryPool)
     * @see Builder#watermarks
     */
    public EvictionReport evict(MemoryPool pool, int pages) {
        Objects.requireNonNull(pool, "pool");
        checkOpen();
        if (pages < 1) {
            throw new IllegalArgumentException("the number of pages must be positive: pages=" + pages);
        }
        StackRoom.require();
        return new EvictionReport(pool, pages, machine.evictor().evict(tier(pool), pages));
    }

    private DeviceTier tier(MemoryPool pool) {
        return machine.tiers().stream().filter(tier -> tier.pool() == pool.frames()).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("only a device of this manager has pages to evict: "
                        + "pool=" + pool.name()));
    }

    /**
     * Does the work of the background agent once. Destroys what closed spaces left behind, ends the segments of closed
     * pins, evicts from devices that have fewer free frames than the watermark, reports pins that overstay and
     * snapshots that grow old, and gives memory back that has been free for some time.
     * <p>
     * Call this again and again from a thread of your own if you build without the agent. If one part fails, the others
     * are still done before this throws.
     *
     * @return an amount of work, with no unit; 0 if there was nothing to do
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails; no content is lost
     * @throws ClosedException after close
     * @see Builder#backgroundAgent
     */
    public int maintain() {
        checkOpen();
        StackRoom.require();
        return maintenance.run();
    }

    /**
     * Gives free memory back to the operating system now. Does so in all pools whose memory is the library's own: the
     * host's and those of {@link Builder#deviceCoherentPool}. Destroys what closed spaces left behind first.
     * <p>
     * The pools keep their size, and the free memory can be used as before; the next first write to it waits for the
     * operating system again. Memory goes back in units of 2 MiB, the size of a huge page, and only if all of the unit
     * is free. Units that were not used since they were last given back are left alone. Other threads may allocate at
     * the same time: they get frames of other units, or wait for this one if there are no others.
     *
     * @return how many bytes went back, 0 or more; always 0 without native access, where memory comes from an arena
     *         that cannot give back a part of itself
     * @throws ClosedException after close
     * @see Builder#giveBackAfter
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
     * Lists the pins that are open now, also those of spaces that are closed. May wait for another operation on a
     * space.
     *
     * @return a list that does not change
     * @throws ClosedException after close
     */
    public List<OpenPin> openPins() {
        checkOpen();
        StackRoom.require();
        return machine.openPins().stream().map(OpenPin::of).toList();
    }

    /**
     * Returns the name that the builder was given.
     *
     * @return the name, for messages
     */
    public String name() {
        return machine.name();
    }

    /**
     * Reads the counters. Wait-free; approximate while other threads allocate.
     * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="statistics"}
     *
     * @return the counters as they are now
     * @throws ClosedException after close
     * @see AddressSpace#statistics
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
     * Lists the spaces that are open now: spaces, forks, snapshots and those of cursors, oldest first.
     *
     * @return a list that does not change
     * @throws ClosedException after close
     */
    public List<OpenSpace> openSpaces() {
        checkOpen();
        StackRoom.require();
        return machine.spaces().list().stream().map(OpenSpace::of).toList();
    }

    /**
     * Closes the devices and gives the pool back to the operating system. All spaces and pins have to be closed before.
     * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="close"}
     * <p>
     * If this fails half way the manager opens no more spaces, and close can be called again until it succeeds. Closing
     * a closed manager has no effect. While another thread is closing it, this waits for that thread. A device that fails
     * while it is closed is reported in the log; to get its exception, call {@link Device#close} before.
     *
     * @throws OpenSpacesException if a space or a cursor is open; the manager stays open
     * @throws io.quire.memory.contract.PagesBusyException if a pin is open; the manager stays open
     * @throws io.quire.memory.contract.WaitTimeoutException if the agent does not end within a minute
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     * @see #closeAll
     */
    @Override
    public void close() {
        CallbackThread.requireOutside(); // before anything is closed
        StackRoom.require();
        ending.close();
    }

    /**
     * Closes the manager with everything that is open: pins, cursors and spaces. Then does what {@link #close()} does.
     * Later uses of the closed objects throw {@link ClosedException}, and their segments throw as closed segments do.
     * If the driver of a device does not let go of a space the device is given up, see {@link Device#giveUp}.
     * <p>
     * This takes nothing away from a thread that may be using it: the pins of an accessor and the cursors of a thread
     * that has not ended, if they have segments, and pins of a space that a channel is writing from. It waits for
     * these, and names those that are still in use when the time is over; everything else is closed then. Closing a
     * closed manager has no effect.
     *
     * @param timeout how long to wait for them; zero or more
     * @throws OpenSpacesException if a space or a cursor is still open when the time is over; the manager stays open
     * @throws io.quire.memory.contract.PagesBusyException if a pin is still open when the time is over; the manager
     *         stays open
     * @throws IllegalArgumentException if the timeout is negative
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     */
    public void closeAll(Duration timeout) {
        if (Objects.requireNonNull(timeout, "timeout").isNegative()) {
            throw new IllegalArgumentException("a timeout cannot be negative: timeout=" + timeout);
        }
        CallbackThread.requireOutside();
        StackRoom.require();
        ending.closeAll(timeout);
    }

    /** Counts every reference anew, for tests; correct only while nothing else runs. */
    void check() {
        awaitTold();
        Recount.check(machine);
    }

    boolean isClosed() {
        return machine.spaces().isSealed();
    }

    /** Waits until the drivers have been told of all freed frames. */
    void awaitTold() {
        machine.tiers().forEach(tier -> tier.device().awaitTold());
    }

    /** Throws if the manager is closed. */
    void checkOpen() {
        if (isClosed()) {
            throw new ClosedException("memory manager " + name());
        }
    }

    @Override
    public String toString() {
        return "MemoryManager[" + name() + (isClosed() ? ", closed" : ", " + statistics()) + "]";
    }

    /**
     * Configures and creates a {@link MemoryManager}. One thread at a time may use a builder. Everything has a default;
     * each method returns the builder.
     * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="builder"}
     */
    public static final class Builder {

        /** Without {@link #hostPool} a manager takes one part in this many of the available memory. */
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

        /**
         * Names the manager in messages and statistics; "memory" by default.
         *
         * @param name any text; need not be unique
         * @return this builder
         */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * Sets the size of the host pool: the limit of what all spaces together can hold on the host. By default a
         * quarter of the memory of the container or the machine.
         *
         * @param sizeBytes 1 to the memory of the machine or container; rounded up to whole pages
         * @return this builder
         * @throws IllegalArgumentException if it is 0 or negative, more than the machine or the container has, or more
         *         than a pool can have
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
         * Limits how many spaces may be open at a time, with forks, snapshots and cursors; 65,536 by default.
         *
         * @param limit 1 to 524,288
         * @return this builder
         * @throws IllegalArgumentException if the limit is out of that range
         */
        public Builder maxSpaces(int limit) {
            if (limit < 1 || limit > OpenSpaces.LIMIT) {
                throw new IllegalArgumentException("the limit of open spaces must be between 1 and "
                        + OpenSpaces.LIMIT + ": limit=" + limit);
            }
            maxSpaces = limit;
            return this;
        }

        /**
         * Turns leak tracking on: every space and pin remembers the stack that created it, for the reports of what is
         * open. A fork takes some microseconds longer, and the segments of a closed pin end at once. Off by default.
         *
         * @param on true to remember stacks
         * @return this builder
         * @see MemoryManager#openSpaces
         * @see MemoryManager#openPins
         */
        public Builder leakTracking(boolean on) {
            leakTracking = on;
            return this;
        }

        /**
         * Adds a device, and its memory as a pool of the same name. Each device needs a driver of its own. The manager
         * closes the driver when it closes the device.
         *
         * @param name not blank, not "host", and not the name of another device
         * @param driver a {@link io.quire.memory.device.CoherentDriver} or a
         *         {@link io.quire.memory.device.PrivateDriver}
         * @return this builder
         * @throws IllegalArgumentException if the name is blank or taken, or this builder has the driver already
         * @see MemoryManager#device
         */
        public Builder device(String name, DeviceDriver driver) {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(driver, "driver");
            if (name.isBlank() || name.equals("host") || drivers.containsKey(name)) {
                throw new IllegalArgumentException("a device needs a name of its own, and \"host\" is taken: name="
                        + name);
            }
            drivers.forEach((other, known) -> checkOther(name, driver, other, known));
            drivers.put(name, driver);
            return this;
        }

        @SuppressWarnings("ReferenceEquality") // equal drivers are still different drivers
        private static void checkOther(String name, DeviceDriver driver, String otherName, DeviceDriver other) {
            if (driver == other) {
                throw new IllegalArgumentException("one driver is one device: device=" + name + ", driver="
                        + driver.getClass().getName() + ", is already that of device=" + otherName
                        + "; give each device a driver of its own");
            }
        }

        /**
         * Adds a pool of coherent memory that no device works on: a second tier made of ordinary memory.
         *
         * @param name not blank, not "host", and not the name of another device
         * @param sizeBytes 1 to 2<sup>47</sup>; rounded up to whole pages
         * @return this builder
         * @throws IllegalArgumentException if the name is blank or taken, or the size is out of that range
         */
        public Builder deviceCoherentPool(String name, long sizeBytes) {
            Objects.requireNonNull(name, "name");
            return device(name, new MemoryOnlyDriver(Ranges.wholePages(Ranges.positive(sizeBytes))));
        }

        /**
         * Chooses where a copy goes when a space writes a shared page of a device; {@link CowPlacement#HOST} by
         * default.
         *
         * @param placement for all spaces that do not choose for themselves
         * @return this builder
         * @see AddressSpace#cowPlacement(CowPlacement)
         */
        public Builder cowPlacement(CowPlacement placement) {
            cowPlacement = Objects.requireNonNull(placement, "placement");
            return this;
        }

        /**
         * Chooses what happens to a long-term pin of coherent device memory; {@link LongTermPolicy#REFUSE} by default.
         *
         * @param policy for all long-term pins
         * @return this builder
         * @see AddressSpace#pin
         */
        public Builder longTermPolicy(LongTermPolicy policy) {
            longTermPolicy = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Limits how much memory may be under long-term pins at a time; half of the host pool by default.
         *
         * @param sizeBytes 0 or more; each pin counts with all of its pages
         * @return this builder
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
         * Limits how long a driver may take for one call before its device counts as lost; ten seconds by default. The
         * time begins when the call is made. A call waits for those before it, each of which has the same limit.
         *
         * @param deadline more than zero
         * @return this builder
         * @throws IllegalArgumentException if it is zero or negative
         * @see Device#isLost
         */
        public Builder driverDeadline(Duration deadline) {
            driverDeadline = positive(deadline);
            return this;
        }

        /**
         * Sets how long a short-term pin may be held before the log warns of it, once; ten seconds by default.
         *
         * @param overstay more than zero
         * @return this builder
         * @throws IllegalArgumentException if it is zero or negative
         */
        public Builder pinOverstay(Duration overstay) {
            pinOverstay = positive(overstay);
            return this;
        }

        /**
         * Sets how long a fork or snapshot may be open before the log warns of it, once; an hour by default. Only one
         * that holds pages which no other space maps is reported. To look for such pages takes as many steps as the
         * space has pages.
         *
         * @param overstay more than zero
         * @return this builder
         * @throws IllegalArgumentException if it is zero or negative
         */
        public Builder snapshotOverstay(Duration overstay) {
            snapshotOverstay = positive(overstay);
            return this;
        }

        /**
         * Sets how much of each device is kept free, in percent of its frames; 5 and 10 by default. Eviction begins
         * when less than {@code low} is free, and ends when {@code high} is. With 0 and 0 pages are evicted only when a
         * frame is needed.
         *
         * @param low 0 to {@code high}
         * @param high {@code low} to 100
         * @return this builder
         * @throws IllegalArgumentException unless 0 &lt;= low &lt;= high &lt;= 100
         * @see MemoryManager#evict
         */
        public Builder watermarks(int low, int high) {
            if (low < 0 || low > high || high > 100) {
                throw new IllegalArgumentException("watermarks must be 0 <= low <= high <= 100 percent: low=" + low
                        + ", high=" + high);
            }
            lowPercent = low;
            highPercent = high;
            return this;
        }

        /**
         * Turns promotion on: pages that were evicted come back to their device when they have been used twice again.
         * It pauses by itself when pages that came back are evicted soon after. Off by default.
         *
         * @param on true to bring pages back
         * @return this builder
         */
        public Builder promotion(boolean on) {
            promotion = on;
            return this;
        }

        /**
         * Sets how long memory must have been free before the agent, or {@link MemoryManager#maintain}, gives it back
         * to the operating system, as {@link MemoryManager#trim} does. It may take twice that time. Ten seconds by
         * default, and never by default if the memory is {@linkplain #touchAhead touched ahead}.
         *
         * @param idle zero or more; {@link Duration#ZERO} for never
         * @return this builder
         * @throws IllegalArgumentException if it is negative
         */
        public Builder giveBackAfter(Duration idle) {
            if (Objects.requireNonNull(idle, "idle").isNegative()) {
                throw new IllegalArgumentException("a time cannot be negative: time=" + idle);
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
         * Has {@link #build} take all memory of the host pool from the operating system, instead of at the first touch
         * of each huge page. Building takes about 0.2 s longer for each GiB; a first write then never waits for the
         * kernel to clear 2 MiB. Off by default. Without native access the memory is always touched ahead.
         *
         * @param on true to touch the memory in {@code build}
         * @return this builder
         */
        public Builder touchAhead(boolean on) {
            touchAhead = on;
            return this;
        }

        private static Duration positive(Duration time) {
            if (Objects.requireNonNull(time, "time").isNegative() || time.isZero()) {
                throw new IllegalArgumentException("a time limit must be positive: time=" + time);
            }
            return time;
        }

        /**
         * Chooses who does the work in the background. On, the default: a daemon thread of the manager. Off: you, by
         * calls of {@link MemoryManager#maintain()}.
         *
         * @param on true for a thread of the manager
         * @return this builder
         */
        public Builder backgroundAgent(boolean on) {
            backgroundAgent = on;
            return this;
        }

        /**
         * Reserves the pools, takes over the drivers, and opens the manager. If this fails, everything it took is given
         * back. The log warns if all managers of the process together have promised more memory than there is.
         *
         * @return the manager, to be closed by the caller
         * @throws IllegalArgumentException if a driver is neither a {@link io.quire.memory.device.CoherentDriver} nor a
         *         {@link io.quire.memory.device.PrivateDriver}, has no memory as these demand, or belongs to a device
         *         of another manager that is not closed; or if there are more than 255 devices
         * @throws io.quire.memory.contract.DriverFailedException if a driver fails to say what memory it has
         * @throws IllegalStateException if the operating system refuses the memory
         * @throws OutOfMemoryError if there is no native access and the JVM refuses the memory
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
                    manager.ending.close(); // it may have started an agent
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

        /** Gives each manager memory of its own, also if a builder builds several. */
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
