package io.quire.memory.errors.world;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryPool;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.errors.Scenario;
import io.quire.memory.testkit.RecordingDriver;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Spaces with a coherent and a private device. The Errors come on the caller's thread, not on that of a driver. */
public final class DeviceScenarios {

    private static final int ZEROS = 12;

    /** With two more spaces a map in the library has to grow. */
    private static final int OTHERS = 4;

    private DeviceScenarios() {
    }

    public static List<Scenario> all() {
        return List.of(
                of("attach", Devices::attachOne),
                of("detach", Devices::detachOne),
                of("migrate to a coherent device", world -> world.migrate("near")),
                of("migrate to a private device", world -> world.migrate("far")),
                on("near", "migrate from a coherent device", world -> world.migrate("host")),
                on("far", "migrate from a private device", world -> world.migrate("host")),
                on("far", "read of a private page", world -> world.space.getLong(world.address + 8)),
                on("far", "write of a private page", world -> world.space.setLong(world.address + 8, 42)),
                on("near", "first write of a shared page on a device",
                        world -> world.space.setLong(world.address + 8, 42)),
                on("far", "evict", world -> world.manager.evict(world.manager.device("far").pool(), 2)),
                of("read by a device", world -> world.near().mirror().fault(world.address, 1, DeviceAccess.READ)),
                of("read of zeros by a device",
                        world -> world.near().mirror().fault(world.address + 3 * World.PAGE, 1, DeviceAccess.READ)),
                of("read of many zeros by a device", Devices::readZeros),
                of("write by a device", world -> world.near().mirror().fault(world.address, 1, DeviceAccess.WRITE)),
                on("far", "write of a private page by its device",
                        world -> world.far().mirror().fault(world.address, 1, DeviceAccess.WRITE)),
                of("exclusive access begins", world -> world.near().makeExclusive(world.address, 2L * World.PAGE)),
                exclusive("exclusive access to more pages",
                        world -> world.near().makeExclusive(world.others, (long) OTHERS * World.PAGE)),
                exclusive("exclusive access ends", world -> world.space.getLong(world.address + 8)),
                exclusive("fork amid exclusive access", Devices::fork),
                exclusive("unmap amid exclusive access", world -> world.space.unmap(world.address, 2L * World.PAGE)),
                on("far", "fork of private pages", Devices::fork),
                on("far", "close of a space on a device", Devices::closeSpace));
    }

    private static Scenario of(String name, Consumer<Devices> act) {
        return new Scenario(name, () -> new Devices(null, false, act));
    }

    private static Scenario on(String device, String name, Consumer<Devices> act) {
        return new Scenario(name, () -> new Devices(device, false, act));
    }

    private static Scenario exclusive(String name, Consumer<Devices> act) {
        return new Scenario(name, () -> new Devices(null, true, act));
    }

    /** A space and a fork of it, both devices attached to the space, three pages filled and one empty. */
    private static final class Devices extends World {

        private final RecordingDriver near;
        private final RecordingDriver far;
        private final Consumer<Devices> act;
        final AddressSpace space;
        final long address;

        private final long zeros;

        /** The address of pages for exclusive access. */
        final long others;
        private final Attachment nearby;
        private final Attachment farAway;
        private @Nullable Attachment more;
        private @Nullable AddressSpace copy;

        Devices(@Nullable String on, boolean exclusive, Consumer<Devices> act) {
            this(new RecordingDriver.Coherent(64), new RecordingDriver.Private(64), on, exclusive, act);
        }

        private Devices(RecordingDriver near, RecordingDriver far, @Nullable String on, boolean exclusive,
                Consumer<Devices> act) {
            super(builder -> builder.device("near", near).device("far", far).watermarks(0, 0));
            this.near = near;
            this.far = far;
            this.act = act;
            space = open(manager.newAddressSpace());
            address = mapped(space, 4, false);
            write(space, address, 3, 1);
            zeros = space.map((long) ZEROS * PAGE);
            others = exclusive ? mapped(space, OTHERS, true) : 0;
            open(space.fork());
            nearby = open(manager.device("near").attach(space));
            farAway = open(manager.device("far").attach(space));
            if (on != null) {
                migrate(on);
            }
            if (exclusive) {
                nearby.makeExclusive(address, 2L * PAGE);
            }
        }

        Attachment near() {
            return nearby;
        }

        Attachment far() {
            return farAway;
        }

        void migrate(String name) {
            MemoryPool pool = name.equals("host") ? manager.hostPool() : manager.device(name).pool();
            space.migrate(address, 3L * PAGE, pool);
        }

        void attachOne() {
            if (more == null) {
                more = open(manager.device("near").attach(spaces().getLast()));
            }
        }

        /** Reads the zeros of more pages than a set in the library has room for at first. */
        void readZeros() {
            near().mirror().fault(zeros, ZEROS, DeviceAccess.READ);
        }

        void detachOne() {
            nearby.close();
        }

        void fork() {
            if (copy == null) {
                copy = open(space.fork());
            }
        }

        void closeSpace() {
            if (!space.isClosed()) {
                space.close();
            }
        }

        @Override
        public void act() {
            act.accept(this);
        }

        @Override
        public void finish() throws Exception {
            super.finish();
            List<String> breaches = new ArrayList<>(near.breaches());
            breaches.addAll(far.breaches());
            if (!breaches.isEmpty() || near.usedFrames() + far.usedFrames() > 0) {
                throw new AssertionError("devices: " + breaches + ", used frames " + near.usedFrames() + " and "
                        + far.usedFrames());
            }
        }
    }
}
