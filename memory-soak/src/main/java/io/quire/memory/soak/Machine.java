package io.quire.memory.soak;

import io.quire.memory.Device;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.MemoryStatistics;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.softdevice.NativeDevice;
import io.quire.memory.softdevice.SoftwareDevice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** A manager with random settings and devices, and the checks at its end. */
final class Machine {

    private static final int RECLAIM_TURNS = 100_000;
    private static final Duration CLOSE_ALL = Duration.ofSeconds(30);
    private static final Duration LOST_HANDLES = Duration.ofSeconds(20);

    final MemoryManager manager;
    final List<SoftwareDevice> devices = new ArrayList<>();
    private final Set<SoftwareDevice> givenUp = new HashSet<>();
    private final String shape;

    Machine(Random random, Settings settings, long hostBytes, boolean agent) {
        int coherentPages = 16 << random.nextInt(5);
        int privatePages = 16 << random.nextInt(5);
        MemoryManager.Builder builder = MemoryManager.builder().name("soak").hostPool(hostBytes)
                .backgroundAgent(agent).leakTracking(random.nextInt(4) == 0)
                .cowPlacement(pick(random, CowPlacement.values()))
                .longTermPolicy(pick(random, LongTermPolicy.values()))
                .promotion(random.nextBoolean()).maxSpaces(20 + random.nextInt(40))
                .driverDeadline(Duration.ofSeconds(30));
        if (random.nextBoolean()) {
            builder.watermarks(0, 0);
        }
        add(JavaDevice.coherent("coherent", bytes(coherentPages)));
        if (random.nextInt(4) > 0) {
            add(JavaDevice.privateMemory("private", bytes(privatePages)));
        }
        if (settings.has("native-device") && NativeDevice.isAvailable() && random.nextBoolean()) {
            add(random.nextBoolean() ? NativeDevice.coherent("native", bytes(32))
                    : NativeDevice.privateMemory("native", bytes(32)));
        }
        if (random.nextInt(3) == 0) {
            builder.longTermPinLimit(bytes(random.nextInt(64)));
        }
        if (random.nextInt(3) == 0) {
            builder.giveBackAfter(Duration.ofMillis(random.nextInt(50))).touchAhead(random.nextBoolean());
        }
        devices.forEach(device -> builder.device(device.name(), device.driver()));
        manager = builder.build();
        shape = "host=" + hostBytes / 1024 + " KiB, devices=" + devices + ", agent=" + agent;
    }

    private void add(SoftwareDevice device) {
        devices.add(device);
    }

    private static long bytes(int pages) {
        return (long) pages * ModelSpace.PAGE;
    }

    private static <T> T pick(Random random, T[] values) {
        return values[random.nextInt(values.length)];
    }

    boolean isCoherent(int device) {
        return devices.get(device).kind() == PoolKind.DEVICE_COHERENT;
    }

    /** Gives up a device: pages that only it could reach are lost. */
    void giveUp(int number) {
        Device device = manager.devices().get(number);
        if (device.isClosed()) {
            return;
        }
        givenUp.add(devices.get(number));
        device.giveUp();
        device.giveUp();
        if (!device.isLost() || device.isClosed()) {
            throw new SoakFailure("a device that was given up must be lost and not closed: " + device);
        }
    }

    /**
     * Waits until the library has closed forgotten handles. An Error may have come after something was opened and
     * before it was kept in a variable, and only the garbage collector finds it then.
     */
    void awaitLostHandles() throws InterruptedException {
        long end = System.nanoTime() + LOST_HANDLES.toNanos();
        do {
            System.gc();
            manager.reclaim(1024);
            manager.maintain();
            Thread.sleep(20);
        } while (isAnyOpen() && System.nanoTime() < end);
    }

    private boolean isAnyOpen() {
        return !manager.openPins().isEmpty() || !manager.openSpaces().isEmpty() || used() > 0;
    }

    /** Checks that nothing is left when all spaces and pins are closed. */
    void checkEmpty() {
        if (!manager.openPins().isEmpty() || !manager.openSpaces().isEmpty()) {
            throw new SoakFailure("something is open: pins=" + manager.openPins() + ", spaces="
                    + manager.openSpaces());
        }
        for (int turn = 0; turn == 0 || (turn < RECLAIM_TURNS && used() > 0); turn++) {
            manager.reclaim(1024); // at least once: it waits until the drivers know which frames are free
            manager.maintain();
        }
        MemoryStatistics statistics = manager.statistics();
        if (used() > 0 || statistics.tier().openPins() != 0 || statistics.tier().longTermPinnedBytes() != 0) {
            throw new SoakFailure("everything is closed, but memory is in use: " + statistics + ", pools="
                    + manager.pools());
        }
        checkDevices("everything is closed");
    }

    /** Checks all devices, except those that were given up, which the library no longer tells anything. */
    private void checkDevices(String when) {
        for (SoftwareDevice device : devices) {
            if (!givenUp.contains(device) && (device.counters().liveFrames() != 0 || device.counters().violations() != 0
                    || device.staleTranslations() != 0)) {
                throw new SoakFailure(when + ", and a device has frames in use, or found a fault: " + device + ", "
                        + device.counters() + ", stale=" + device.staleTranslations());
            }
        }
    }

    /** Returns the used bytes of all pools but those of closed devices, which have nothing used and nothing free. */
    private long used() {
        return manager.pools().stream().filter(pool -> !isClosed(pool))
                .mapToLong(pool -> pool.sizeBytes() - pool.freeBytes()).sum();
    }

    private boolean isClosed(MemoryPool pool) {
        return manager.devices().stream().anyMatch(device -> device.isClosed() && device.pool().equals(pool));
    }

    void close() {
        manager.close();
        checkDevices("the manager is closed");
    }

    /** Closes the manager together with all that is open. */
    void closeAll() {
        manager.closeAll(CLOSE_ALL);
        checkDevices("the manager is closed with all that was open");
    }

    @Override
    public String toString() {
        return shape;
    }
}
