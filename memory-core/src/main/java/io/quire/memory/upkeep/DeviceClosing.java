package io.quire.memory.upkeep;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.attach.Mirror;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.guard.Wait;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.migrate.EvictionTally;
import io.quire.memory.migrate.Evictor;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.space.Machine;
import io.quire.memory.space.Space;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a device: moves its pages to the host, detaches its mirrors, and then closes its driver. If that fails, the
 * device stays open, every page can still be reached, and the close can be tried again.
 * <p>
 * One thread, which holds no lock of a space.
 */
public final class DeviceClosing {

    /** How many times in a row the driver may fail before the close gives up. */
    private static final int ATTEMPTS = 3;

    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int HOLDERS_NAMED = 8;

    private final Machine machine;
    private final DeviceTier tier;
    private final ManagedDevice device;
    private final Duration timeout;
    private final long begin = System.nanoTime();

    /** Prepares to close a device. */
    public DeviceClosing(Machine machine, DeviceTier tier, Duration timeout) {
        this.machine = machine;
        this.tier = tier;
        this.device = tier.device();
        this.timeout = timeout;
    }

    /**
     * Closes the device. Has no effect if it is closed already.
     *
     * @throws PagesBusyException if pages are still pinned after the timeout, or the host has no room; the device stays
     *         open
     * @throws DriverFailedException if the driver fails each time. If pages are left that only it can reach, the device
     *         stays open; otherwise the device is closed, and its driver is not. Also if the driver fails in its own
     *         close: the device is closed then
     */
    public void close() {
        tier.eviction().lock();
        try {
            if (device.isClosed()) {
                return;
            }
            DriverFailedException unheard;
            boolean empty = false;
            // STEP(close a device 1)
            device.setClosing(true);
            try {
                unheard = empty();
                empty = true;
            } finally {
                device.setClosing(empty);
            }
            // STEP(close a device 4)
            device.closeDriver();
            if (unheard != null) {
                throw new DriverFailedException(device.name(), "close", unheard.code(), "it failed each time to let go"
                        + " of its pages and spaces: every page is on the host and the device is closed, but its driver"
                        + " is not; close the driver yourself", unheard);
            }
        } finally {
            tier.eviction().unlock();
        }
    }

    /** Stops calling a driver, and detaches its mirrors: from here on no space tells it anything. */
    public static void giveUp(ManagedDevice device) {
        device.checkOpen();
        device.calls().giveUp();
        List.copyOf(device.mirrors()).forEach(Mirror::detach);
    }

    /** Moves all pages to the host and detaches the mirrors. Returns the failure after which the driver was cut off. */
    private @Nullable DriverFailedException empty() {
        DriverFailedException unheard = null;
        if (!device.calls().isLost()) {
            try {
                // STEP(close a device 2)
                drain();
                detachAll();
                return null;
            } catch (DriverFailedException failed) {
                cutOff(failed);
                unheard = failed;
            }
        }
        detachAll();
        drain();
        return unheard;
    }

    /**
     * Stops calling a driver that has failed, or throws if that would lose pages. A device with such a driver could
     * neither be closed nor used.
     */
    private void cutOff(DriverFailedException failed) {
        int kept = device.isPrivate() ? usedFrames().length : 0;
        if (kept > 0 && !device.calls().isLost()) {
            throw new DriverFailedException(device.name(), "close", failed.code(), "it failed " + ATTEMPTS
                    + " times to give up its pages; nothing is lost, and the device stays open: pages=" + kept
                    + "; close it again, or call giveUp()", failed);
        }
        device.calls().giveUp();
    }

    // STEP(close a device 3)
    private void detachAll() {
        for (Mirror mirror : List.copyOf(device.mirrors())) {
            detach(mirror);
        }
    }

    private static void detach(Mirror mirror) {
        for (int attempt = 1;; attempt++) {
            try {
                mirror.detach();
                return;
            } catch (DriverFailedException failed) {
                if (attempt == ATTEMPTS || mirror.device().calls().isLost()) {
                    throw failed;
                }
            }
        }
    }

    /** Moves all pages to the host. Waits for the pinned ones, up to the timeout. */
    private void drain() {
        int failures = 0;
        while (true) {
            machine.reclaimer().reclaimAll();
            int[] used = usedFrames();
            if (used.length == 0 && isAllGivenBack()) {
                return;
            }
            EvictionTally tally = new EvictionTally();
            DriverFailedException failure = move(used, tally);
            if (failure != null) {
                failures = tally.moved() > 0 ? 1 : failures + 1;
                if (failures == ATTEMPTS || device.calls().isLost()) {
                    throw failure;
                }
            } else {
                failures = 0;
                checkRoom(used, tally);
                if (tally.moved() == 0) {
                    awaitChange(used);
                }
            }
        }
    }

    /** Moves what can be moved. Returns the failure of the driver, or null. */
    private @Nullable DriverFailedException move(int[] used, EvictionTally tally) {
        try {
            machine.evictor().move(tier, used, true, Evictor.Spared.NONE, tally);
            return null;
        } catch (DriverFailedException failed) {
            return failed;
        }
    }

    private void checkRoom(int[] used, EvictionTally tally) {
        if (tally.isHostFull()) {
            throw new PagesBusyException("the host has no room for the pages of a device: device=" + device.name()
                    + ", pages=" + used.length + "; discard or unmap memory, then close it again");
        }
    }

    private void awaitChange(int[] used) {
        long left = TimeUnit.NANOSECONDS.convert(timeout) - (System.nanoTime() - begin);
        if (left <= 0) {
            throw new PagesBusyException("pages of a device are still pinned, or read by a cursor: device="
                    + device.name() + ", pages=" + usedFrames().length + ", waited="
                    + TimeUnit.MILLISECONDS.convert(timeout) + " ms, held by\n  " + String.join("\n  ", holders(used)));
        }
        int free = device.pool().free();
        Wait.tryUntil(() -> device.pool().free() != free, Math.min(left, NAP_NANOS));
    }

    /** True if every frame is back in the pool, or the device is lost: then some never come back. */
    private boolean isAllGivenBack() {
        return device.calls().isLost() || device.pool().free() == device.pool().frames();
    }

    private int[] usedFrames() {
        int[] used = new int[device.pool().frames()];
        int count = 0;
        for (int frame = 0; frame < used.length; frame++) {
            // A frame that the driver was filling when the device was lost is mapped by nobody, and never comes back.
            boolean abandoned = device.calls().isLost() && tier.lineageOf(frame) == null;
            if (device.pool().isUsed(frame) && !abandoned) {
                used[count++] = frame;
            }
        }
        return Arrays.copyOf(used, count);
    }

    /** Describes the pins, of open and closed spaces, and the cursors that keep the remaining frames. */
    private Set<String> holders(int[] used) {
        Set<String> holders = new TreeSet<>();
        for (Space space : machine.spaces().unordered()) {
            if (holders.size() < HOLDERS_NAMED && space.isOfCursor() && isReading(space, used)) {
                holders.add(space.describe());
            }
        }
        for (PinRecord pinned : machine.openPins()) {
            for (int i = 0; i < pinned.pages() && holders.size() < HOLDERS_NAMED; i++) {
                if (device.pool().contains(pinned.frame(i))
                        && device.pool().isUsed(device.pool().frame(pinned.frame(i)))) {
                    holders.add(pinned.toString());
                }
            }
        }
        return holders.isEmpty() ? Set.of("unknown: frames=" + used.length) : holders;
    }

    private boolean isReading(Space cursor, int[] frames) {
        for (int frame : frames) {
            if (cursor.state().lineage().equals(tier.lineageOf(frame)) && cursor.isKeptInPlace(tier.addressOf(frame))) {
                return true;
            }
        }
        return false;
    }
}
