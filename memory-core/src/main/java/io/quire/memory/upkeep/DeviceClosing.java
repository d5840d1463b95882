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
 * Closes a device: its pages come to the host, its mirrors end, and then its driver is closed. Whatever refuses that
 * leaves the device open and every page where it can be reached, and it can be tried again.
 * <p>
 * One thread, that holds no lock of a space.
 */
public final class DeviceClosing {

    private static final System.Logger LOGGER = System.getLogger(DeviceClosing.class.getName());

    /** How often in a row a driver may fail before the device is not emptied any further. */
    private static final int ATTEMPTS = 3;

    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int HOLDERS_NAMED = 8;

    private final Machine machine;
    private final DeviceTier tier;
    private final ManagedDevice device;
    private final Duration timeout;
    private final long begin = System.nanoTime();

    /** What a close of a device is about. */
    public DeviceClosing(Machine machine, DeviceTier tier, Duration timeout) {
        this.machine = machine;
        this.tier = tier;
        this.device = tier.device();
        this.timeout = timeout;
    }

    /**
     * Closes it; if it is closed already, that has no effect.
     *
     * @throws PagesBusyException if pages are still pinned when the timeout has passed, or the host has no room; the
     *         device stays open
     * @throws DriverFailedException if the driver fails each time, and pages are left that only it can reach; the
     *         device stays open
     */
    public void close() {
        tier.eviction().lock();
        try {
            if (device.isClosed()) {
                return;
            }
            boolean empty = false;
            // STEP(close a device 1)
            device.setClosing(true);
            try {
                empty();
                empty = true;
            } finally {
                device.setClosing(empty);
            }
            // STEP(close a device 4)
            device.closeDriver();
        } finally {
            tier.eviction().unlock();
        }
    }

    /** Has a driver not be called any more, and ends its mirrors: what a space does is no news for it from here on. */
    public static void giveUp(ManagedDevice device) {
        device.checkOpen();
        device.calls().giveUp();
        List.copyOf(device.mirrors()).forEach(Mirror::detach);
    }

    private void empty() {
        if (!device.calls().isLost()) {
            try {
                // STEP(close a device 2)
                drain();
                detachAll();
                return;
            } catch (DriverFailedException failed) {
                cutOff(failed);
            }
        }
        detachAll();
        drain();
    }

    /** A driver that fails now is called no more if nothing is lost by that, or could neither be closed nor go on. */
    private void cutOff(DriverFailedException failed) {
        int kept = device.isPrivate() ? usedFrames().length : 0;
        if (kept > 0 && !device.calls().isLost()) {
            throw new DriverFailedException(device.name(), "close", failed.code(), "it failed " + ATTEMPTS
                    + " times to give up its pages; nothing is lost, and the device stays open: pages=" + kept
                    + "; close it again, or give it up", failed);
        }
        LOGGER.log(System.Logger.Level.WARNING, "the driver of device " + device.name()
                + " failed while it was closed; it is cut off", failed);
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

    /** Moves all pages to the host, as soon as nobody pins them any more. */
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

    /** Moves what can be moved; with what a driver has failed, or null. */
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

    /** Whether every frame is back in the pool; of a lost device some never are. */
    private boolean isAllGivenBack() {
        return device.calls().isLost() || device.pool().free() == device.pool().frames();
    }

    private int[] usedFrames() {
        int[] used = new int[device.pool().frames()];
        int count = 0;
        for (int frame = 0; frame < used.length; frame++) {
            // What a driver was filling when it was lost is mapped by nobody, and never comes back.
            boolean abandoned = device.calls().isLost() && tier.lineageOf(frame) == null;
            if (device.pool().isUsed(frame) && !abandoned) {
                used[count++] = frame;
            }
        }
        return Arrays.copyOf(used, count);
    }

    /** Who pins the frames that are left, of spaces open and closed, or reads them through a cursor. */
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
        return holders.isEmpty() ? Set.of(used.length + " frames nobody is known to hold") : holders;
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
