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
 * A device of a manager: its memory is a pool, and it can work on the addresses of spaces that it is attached to. Any
 * thread.
 */
public final class Device implements AutoCloseable {

    /** How long {@link #close()} waits for pins. */
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

    public String name() {
        return device.name();
    }

    /** The token by which invalidations name the device they are done for; positive. */
    public int id() {
        return device.id();
    }

    /** The memory of the device. */
    public MemoryPool pool() {
        return pool;
    }

    /**
     * Lets the device work on a space. Forks of the space are not attached with it. The attachment keeps the space
     * reachable; the device and its mirror do not.
     *
     * @throws IllegalArgumentException if the space belongs to another manager
     * @throws IllegalStateException if the device is attached to the space already
     * @throws io.quire.memory.contract.DriverFailedException if the driver refuses
     * @throws DeviceClosedException after close
     * @throws io.quire.memory.contract.ClosedException if the space is closed
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
     * Whether the driver is asked for nothing any more, because it did not return from a call within its deadline or the
     * device was given up. The device can be closed then.
     */
    public boolean isLost() {
        return device.isLost();
    }

    public boolean isClosed() {
        return device.isClosed();
    }

    /** Closes the device as {@link #close(Duration)} does, with {@link #CLOSE_TIMEOUT}. */
    @Override
    public void close() {
        close(CLOSE_TIMEOUT);
    }

    /**
     * Moves what lies on the device to the host, detaches it from all spaces, and closes its driver, which is told of
     * the end of each attachment before, once. Spaces that do not use it notice nothing. A driver that fails is asked
     * again. If this is refused the device stays open, nothing is lost, and it can be tried again. Closing it again has
     * no effect; while another thread is closing it, this waits for that one.
     *
     * @param timeout how long pins of its pages are waited for; zero or more
     * @throws io.quire.memory.contract.PagesBusyException if pages are still pinned then, or the host has no room; the
     *         message names who holds them, and the device stays open
     * @throws io.quire.memory.contract.DriverFailedException if the driver fails three times in a row and pages are
     *         left that only it can reach, with what it threw: the device stays open, with these pages; see
     *         {@link #giveUp}. If the device is lost and such pages are left: the spaces that have them can be closed,
     *         and then so can the device. If the driver fails to close: the device is closed
     * @throws IllegalArgumentException if the timeout is negative
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver
     */
    public void close(Duration timeout) {
        if (Objects.requireNonNull(timeout, "timeout").isNegative()) {
            throw new IllegalArgumentException("a timeout is zero or more: timeout=" + timeout);
        }
        StackRoom.require();
        new DeviceClosing(machine, tier, timeout).close();
    }

    /**
     * Cuts the device off, as if its driver did not answer any more: nothing is asked of the driver from here on, not
     * even to detach or close, and it is attached to nothing any more. For a driver that fails each time, so that
     * neither the device nor a space that it is attached to can be closed. What only the device can reach is lost to
     * its spaces, which say so and can be closed; then so can the device. Again has no effect.
     *
     * @throws DeviceClosedException if it is closed already
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
