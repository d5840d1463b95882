package io.quire.memory.upkeep;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.OpenSpacesException;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.SegmentInUseException;
import io.quire.memory.guard.Mutex;
import io.quire.memory.guard.Wait;
import io.quire.memory.handle.HandleCollector;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.pin.PinList;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.space.Machine;
import io.quire.memory.space.Space;
import io.quire.memory.trace.FirstLines;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The end of a machine: only if nothing is open, or together with everything that is open. Every step can be repeated,
 * so an end that fails half way can be tried again until it succeeds. Any thread; one at a time, others wait.
 */
public final class Ending {

    private static final System.Logger LOGGER = System.getLogger(Ending.class.getName());

    /** How long the close of a device waits for pins. There are none when the device closes with its manager. */
    private static final Duration DEVICE_TIMEOUT = Duration.ofSeconds(10);

    private final Mutex closing = new Mutex();
    private final long openedNanos = System.nanoTime();
    private final Machine machine;
    private final @Nullable Agent agent;
    private @Nullable WatchedManager watch;
    private boolean ended;

    /**
     * Prepares to end a machine.
     *
     * @param agent the agent that maintains it; null if there is none
     */
    public Ending(Machine machine, @Nullable Agent agent) {
        this.machine = machine;
        this.agent = agent;
    }

    /**
     * Watches the manager: when nobody can reach it any more, the machine ends.
     *
     * @param handle the manager
     */
    public void watchedThrough(Object handle) {
        watch = new WatchedManager(handle, this);
        HandleCollector.watch(watch);
    }

    /**
     * Ends the machine if nothing is open.
     *
     * @throws OpenSpacesException if a space is open; nothing has changed
     * @throws PagesBusyException if a pin is open; nothing has changed
     */
    public void close() {
        closing.lock();
        try {
            if (ended) {
                return;
            }
            if (!machine.spaces().isSealed()) {
                refusePins();
                seal();
            }
            shutDown();
        } finally {
            closing.unlock();
        }
    }

    /**
     * Ends the machine together with its open spaces, pins and cursors. It waits for pins and cursors whose memory
     * another thread may be using.
     *
     * @param timeout how long to wait for them
     * @return false if it had ended already
     * @throws OpenSpacesException if a cursor is still in use after the timeout, or a space cannot be closed
     * @throws PagesBusyException if a pin is still in use after the timeout
     */
    public boolean closeAll(Duration timeout) {
        closing.lock();
        try {
            if (ended) {
                return false;
            }
            if (!machine.spaces().isSealed()) {
                Wait.tryUntil(this::closeWhatIsOpen, TimeUnit.NANOSECONDS.convert(timeout));
            }
            close();
            return true;
        } finally {
            closing.unlock();
        }
    }

    /** Tries once to close everything. Returns true if nothing is open any more. */
    private boolean closeWhatIsOpen() {
        for (PinList pins : machine.pinLists()) {
            pins.removePlacesOfEnded();
            for (PinRecord pinned : pins.open()) {
                if (pinned.mayBeEndedWithSegments()) {
                    tryClose(() -> end(pins, pinned));
                }
            }
        }
        for (Space space : machine.spaces().list()) {
            if (!space.isBeingRead()) {
                tryClose(space::close);
            }
        }
        return machine.spaces().count() == 0 && machine.openPinCount() == 0;
    }

    /** Tries to close something. If that fails, the next round tries again; after the last an exception names it. */
    private void tryClose(Runnable close) {
        try {
            close.run();
        } catch (DriverFailedException failed) {
            machine.tiers().stream().map(DeviceTier::device).filter(device -> device.name().equals(failed.device()))
                    .forEach(Ending::giveUp);
        } catch (MemoryException | SegmentInUseException | WrongThreadException inUse) {
            LOGGER.log(System.Logger.Level.DEBUG, "a space or pin cannot be closed yet", inUse);
        }
    }

    private static void end(PinList pins, PinRecord pinned) {
        int use = pinned.use();
        pinned.endOwnSegments();
        pins.unpin(pinned, use);
    }

    private static void giveUp(ManagedDevice device) {
        try {
            DeviceClosing.giveUp(device);
        } catch (DeviceClosedException closed) {
            LOGGER.log(System.Logger.Level.DEBUG, "the device is closed, or is being closed", closed);
        }
    }

    private void refusePins() {
        List<PinRecord> pins = machine.openPins();
        if (!pins.isEmpty()) {
            throw new PagesBusyException("pins are still open: manager=" + machine.name() + ", count=" + pins.size()
                    + FirstLines.text(FirstLines.of(pins, PinRecord::toString), pins.size()));
        }
    }

    private void seal() {
        if (!machine.spaces().seal()) {
            List<Space> open = machine.spaces().list();
            throw new OpenSpacesException(machine.name(), open.size(), FirstLines.of(open, Space::describe),
                    remedy(open));
        }
    }

    private String remedy(List<Space> open) {
        List<Space> read = open.stream().filter(Space::isBeingRead).toList();
        if (!read.isEmpty()) {
            return "; a cursor in use can only be closed by its thread, which has to close it or to end: thread="
                    + String.join(", ", read.stream().map(Space::cursorThread).distinct().toList());
        }
        return machine.spaces().isLeakTracking() ? ""
                : "; build the manager with leakTracking(true) to see where they were created";
    }

    private void shutDown() {
        if (agent != null) {
            agent.close();
        }
        machine.tiers().forEach(this::closeDevice);
        machine.pools().close();
        if (watch != null) {
            HandleCollector.forget(watch);
            watch = null;
        }
        ended = true;
    }

    private void closeDevice(DeviceTier tier) {
        if (!tier.device().isClosed()) {
            try {
                new DeviceClosing(machine, tier, DEVICE_TIMEOUT).close();
            } catch (MemoryException failed) {
                LOGGER.log(System.Logger.Level.WARNING,
                        "device " + tier.device().name() + " failed while it was closed with its manager", failed);
            }
        }
    }

    Machine machine() {
        return machine;
    }

    /** Returns how long ago the manager was opened. */
    Duration age() {
        return Duration.ofNanos(System.nanoTime() - openedNanos);
    }

    @Override
    public String toString() {
        return "Ending[" + machine.name() + (ended ? ", ended" : "") + "]";
    }
}
