package io.quire.memory.misuse;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.Device;
import io.quire.memory.MemoryManager;
import io.quire.memory.MigrationReport;
import io.quire.memory.Pin;
import io.quire.memory.RunCursor;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.structure.ForkableMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Two managers with an object of every kind that a program can get: open, closed, and of another thread. */
final class MisuseWorld {

    /** The number of objects, from the first, that were open when they were added. */
    static final int OPEN_OBJECTS = 16;

    private static final int FOREIGN_PAGES = 16;

    final MemoryManager manager;
    final MemoryManager other;
    final List<SoftwareDevice> devices = List.of(JavaDevice.coherent("coherent", 64 << 12),
            JavaDevice.privateMemory("private", 64 << 12));
    final Neighbour neighbour;
    final List<Object> objects = new ArrayList<>();
    final List<Long> addresses = new ArrayList<>();

    /** Devices whose drivers are told nothing any more, not even of free frames. */
    final Set<String> givenUp = new HashSet<>();

    /** Handles that this thread closes at the end, the last one first. */
    private final List<AutoCloseable> open = new ArrayList<>();

    MisuseWorld(Random random, boolean agent) {
        manager = MemoryManager.builder().name("misused").hostPool(4 << 20).maxSpaces(60).backgroundAgent(agent)
                .driverDeadline(Duration.ofSeconds(10)).leakTracking(random.nextBoolean())
                .device("coherent", devices.get(0).driver()).device("private", devices.get(1).driver()).build();
        other = MemoryManager.builder().name("other").hostPool(1 << 20).deviceCoherentPool("coherent", 1 << 16)
                .backgroundAgent(false).build();
        devices.forEach(device -> device.operationLimit(Duration.ofSeconds(5)));
        neighbour = new Neighbour(manager, random.nextLong());
        fill();
    }

    private void fill() {
        AddressSpace space = keep(manager.newAddressSpace("space"));
        long address = space.map(64 << 12);
        addresses.add(address);
        addresses.add(address + 4096L * 63);
        space.fill(address, 20 << 12, (byte) 5);
        addresses.add(space.map(4096, Protection.READ_ONLY));
        addresses.add(space.map(64L << 20));
        ForkableMap map = ForkableMap.create(space, 1 << 16);
        addresses.add(map.address());
        map.put(new byte[] {1}, new byte[100]);
        objects.add(map);
        objects.add(map.with(keep(space.accessor())));
        Accessor accessor = keep(space.accessor());
        accessor.setLong(address, 1);
        keep(space.snapshot("snapshot"));
        keep(space.runs(address, 30 << 12));
        keep(space.writableRuns(address, 30 << 12));
        keep(space.pin(address + 4096, 5000, PinTerm.SHORT, PinAccess.WRITE));
        keep(accessor.pin(address, 8, PinTerm.SHORT, PinAccess.READ));
        keep(space.pin(address + 4096 * 40, 4096, PinTerm.LONG, PinAccess.READ));
        for (Device device : manager.devices()) {
            Attachment attachment = device.attach(space);
            objects.add(attachment);
            objects.add(attachment.mirror());
            objects.add(device);
        }
        MigrationReport report = space.migrate(address + 8192, 8 << 12, manager.pool("private"));
        objects.add(report);
        addClosed(space, address);
        addForeign(space, address);
        keep(other.newAddressSpace("of another")).map(FOREIGN_PAGES << 12);
        objects.addAll(manager.pools());
        objects.addAll(other.pools());
        objects.addAll(other.devices());
        objects.addAll(devices);
        objects.add(manager);
        objects.add(manager.statistics());
        objects.add(space.statistics());
    }

    private void addClosed(AddressSpace space, long address) {
        AddressSpace closed = space.fork("closed");
        Accessor accessor = closed.accessor();
        Pin pin = closed.pin(address, 8, PinTerm.SHORT, PinAccess.READ);
        RunCursor cursor = closed.runs(address, 8);
        objects.add(ForkableMap.open(closed, addresses.getLast()));
        pin.close();
        cursor.close();
        accessor.close();
        closed.close();
        objects.addAll(List.of(closed, accessor, pin, cursor));
    }

    /** Adds objects of a thread that has ended. */
    private void addForeign(AddressSpace space, long address) {
        Thread thread = Thread.ofPlatform().name("one that ended").unstarted(() -> {
            Accessor accessor = space.accessor();
            objects.add(accessor);
            Accessor closed = space.accessor();
            closed.close();
            objects.add(closed);
            RunCursor cursor = space.runs(address, 8);
            cursor.close();
            objects.add(cursor);
            // Left open: any thread must be able to close it later.
            if (!Misuse.isOff("dead-owner")) {
                open.add(accessor);
            }
        });
        thread.start();
        boolean ended = false;
        while (!ended) {
            try {
                thread.join();
                ended = true;
            } catch (InterruptedException again) {
                ended = false;
            }
        }
    }

    private <T extends AutoCloseable> T keep(T one) {
        open.add(one);
        objects.add(one);
        return one;
    }

    /** Takes over what a call made: it is used from now on, and closed in the end. */
    void adopt(Object made) {
        switch (made) {
            case AddressSpace space -> keep(space);
            case Accessor accessor -> keep(accessor);
            case Pin pin -> keep(pin);
            case RunCursor cursor -> keep(cursor);
            case ForkableMap map -> objects.add(map);
            case Attachment attachment -> objects.add(attachment);
            case null, default -> {
                // needs no close
            }
        }
    }

    /** Closes some handles that calls have made. */
    void closeSome(Random random) throws Exception {
        while (open.size() > 30) {
            closeOne(open.remove(12 + random.nextInt(open.size() - 12)));
        }
    }

    private static void closeOne(AutoCloseable one) throws Exception {
        try {
            one.close();
        } catch (ClosedException already) {
            // another call has closed it
        }
    }

    /** Closes everything, and checks that nothing is left. */
    void end(boolean withNeighbour) throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            closeOne(open.get(i));
        }
        if (withNeighbour) {
            neighbour.check();
        }
        neighbour.close();
        finish(manager);
        try {
            finish(other);
        } catch (ClosedException closedWithAll) {
            // a call of closeAll has closed it
        }
        for (SoftwareDevice device : devices) {
            boolean holdsFrames = device.counters().liveFrames() != 0 && !givenUp.contains(device.name());
            if (device.counters().violations() != 0 || holdsFrames) {
                throw new IllegalStateException("a device has found a fault, or has frames in use: " + device
                        + device.counters());
            }
        }
    }

    private static void finish(MemoryManager manager) {
        long end = System.nanoTime() + 5_000_000_000L;
        while (manager.statistics().usedBytes() > 0 && System.nanoTime() < end) {
            manager.maintain();
        }
        if (manager.statistics().usedBytes() > 0 || !manager.openPins().isEmpty()
                || !manager.openSpaces().isEmpty()) {
            throw new IllegalStateException("everything is closed, but something is left: " + manager + ", pins="
                    + manager.openPins() + ", spaces=" + manager.openSpaces());
        }
        try {
            manager.close();
        } catch (MemoryException refused) {
            throw new IllegalStateException("nothing is open, but a close is refused", refused);
        }
    }
}
