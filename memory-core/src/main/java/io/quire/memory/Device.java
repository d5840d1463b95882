package io.quire.memory;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.Attached;
import io.quire.memory.space.Machine;
import io.quire.memory.upkeep.DeviceClosing;
import java.time.Duration;
import java.util.Objects;

/**
 * A device of a manager. Its memory is a pool, and it can work on the addresses of the spaces that it is attached to.
 * {@snippet file="io/quire/memory/snippets/DeviceSnippetsTest.java" region="device"}
 * <p>
 * Any thread may call any method. Operations that have to tell the driver something wait for its answer, each call up
 * to {@link MemoryManager.Builder#driverDeadline}.
 *
 * @see io.quire.memory.device.DeviceDriver
 * @see MemoryManager.Builder#device
 */
public final class Device implements AutoCloseable {

    /** How long {@link #close()} waits for pins: ten seconds. */
    public static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private final Machine machine;
    private final DeviceTier tier;
    private final ManagedDevice device;
    private final MemoryPool pool; // keeps the manager reachable

    Device(MemoryManager manager, Machine machine, DeviceTier tier) {
        this.machine = machine;
        this.tier = tier;
        this.device = tier.device();
        this.pool = new MemoryPool(manager, device.pool(), 0);
    }

    /**
     * Returns the name that the builder was given for the device.
     *
     * @return the name; also that of its pool
     */
    public String name() {
        return device.name();
    }

    /**
     * Returns the number of the device in its manager. {@link io.quire.memory.device.Invalidation#owner()} names the
     * device by it.
     *
     * @return 1 or more
     */
    public int id() {
        return device.id();
    }

    /**
     * Returns the memory of the device as a pool.
     *
     * @return always the same pool
     */
    public MemoryPool pool() {
        return pool;
    }

    /**
     * Lets the device work on a space. Forks of the space are not attached: attach each fork that the device needs. The
     * attachment keeps the space reachable; the device and its mirror do not.
     * {@snippet file="io/quire/memory/snippets/DeviceSnippetsTest.java" region="device"}
     *
     * @param space a space of the same manager
     * @return the attachment; it ends with its close, with the space, or with the device
     * @throws IllegalArgumentException if the space belongs to another manager
     * @throws IllegalStateException if the device is attached to the space already
     * @throws io.quire.memory.contract.DriverFailedException if the driver throws from
     *         {@link io.quire.memory.device.DeviceDriver#attached} or exceeds its deadline
     * @throws DeviceClosedException if the device is closed, or is being closed
     * @throws io.quire.memory.contract.ClosedException if the space is closed
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     */
    public Attachment attach(AddressSpace space) {
        Objects.requireNonNull(space, "space");
        if (space.inner().machine() != machine) {
            throw new IllegalArgumentException("the space belongs to another manager: device=" + name() + ", space="
                    + space.name());
        }
        StackRoom.require();
        return new Attachment(space, Attached.of(space.inner(), device));
    }

    /**
     * Tells if the library has stopped calling the driver. A device is lost in one of three ways: a call of its driver
     * did not return within {@link MemoryManager.Builder#driverDeadline}; {@link #giveUp} was called, by the user or by
     * {@link MemoryManager#closeAll}; or the driver failed each time while the device was being closed. A lost device
     * can still be closed.
     *
     * @return true if nothing is asked of the driver any more
     */
    public boolean isLost() {
        return device.isLost();
    }

    /**
     * Tells if the device is closed.
     *
     * @return true after a close that succeeded
     */
    public boolean isClosed() {
        return device.isClosed();
    }

    /**
     * Closes the device as {@link #close(Duration)} does, and waits for pins up to {@link #CLOSE_TIMEOUT}.
     *
     * @throws io.quire.memory.contract.PagesBusyException if pages are still pinned then, or the host has no room
     * @throws io.quire.memory.contract.DriverFailedException if the driver fails; see {@link #close(Duration)}
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     */
    @Override
    public void close() {
        close(CLOSE_TIMEOUT);
    }

    /**
     * Moves all pages of the device to the host, detaches it from all spaces, and closes its driver.
     * {@snippet file="io/quire/memory/snippets/DeviceSnippetsTest.java" region="close"}
     * <p>
     * The content of the spaces does not change. The driver is told once of the end of each attachment before its own
     * close; the driver of a {@linkplain #isLost lost} device is told nothing. A driver that fails is asked again, up
     * to three times. If the device stays open nothing is lost, and the close can be tried again. Closing a closed
     * device has no effect; while another thread is closing it, this waits for that thread.
     * <p>
     * After a {@code DriverFailedException} ask {@link #isClosed}, as the example does.
     *
     * @param timeout how long to wait for pins of its pages; zero or more
     * @throws io.quire.memory.contract.PagesBusyException if pages are still pinned when the time is over, or the host
     *         has no room; the message names who holds them, and the device stays open
     * @throws io.quire.memory.contract.DriverFailedException in four cases. If the driver fails three times in a row
     *         and pages are left that only it can reach: the device stays open with these pages, see {@link #giveUp}.
     *         If the device is lost and such pages are left: the device stays open; discard these pages or close the
     *         spaces that have them, then close the device. If the driver fails three times in a row and no such page
     *         is left: the device is lost and closed, but its driver is not closed. If the driver fails in its own
     *         close: the device is closed
     * @throws IllegalArgumentException if the timeout is negative
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     */
    public void close(Duration timeout) {
        if (Objects.requireNonNull(timeout, "timeout").isNegative()) {
            throw new IllegalArgumentException("a timeout cannot be negative: timeout=" + timeout);
        }
        StackRoom.require();
        new DeviceClosing(machine, tier, timeout).close();
    }

    /**
     * Cuts the device off, as if its driver did not answer any more. The library calls the driver no more, not even to
     * detach or close, and the device is attached to nothing. For a driver that fails each time, so that neither the
     * device nor a space that it is attached to can be closed.
     * <p>
     * <b>Stop the device first.</b> The driver is not told, and the device still has its translations. They lead to
     * frames that the library uses for other pages, so a device that goes on changes memory of others. The section
     * <i>Deadline</i> of {@link io.quire.memory.device.DeviceDriver} says what a lost device must not do.
     * <p>
     * The pages that only the device can reach are lost: an access to one throws a
     * {@link io.quire.memory.contract.DriverFailedException}. Discard them or close their spaces, and then close the
     * device; the example at {@link #close(Duration)} does so. On a device that was given up this has no effect.
     *
     * @throws DeviceClosedException if the device is closed
     */
    public void giveUp() {
        StackRoom.require();
        DeviceClosing.giveUp(device);
    }

    @Override
    public String toString() {
        return "Device[" + device + ", id=" + id() + ", " + pool + "]";
    }
}
