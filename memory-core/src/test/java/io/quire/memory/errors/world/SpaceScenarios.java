package io.quire.memory.errors.world;

import io.quire.memory.AddressSpace;
import io.quire.memory.contract.Protection;
import io.quire.memory.errors.Scenario;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Spaces without devices: mappings, faults, forks. */
public final class SpaceScenarios {

    private SpaceScenarios() {
    }

    public static List<Scenario> all() {
        return List.of(
                new Scenario("newAddressSpace", NewSpace::new),
                one("map", world -> world.addressOfMap = world.space.map(3 * World.PAGE)),
                one("map at an address", world -> {
                    if (world.space.mappings().size() == 3) {
                        world.space.mapAt(1L << 32, 3L * World.PAGE);
                    }
                }),
                one("map over the top of the tree", world -> world.addressOfMap = world.space.map(1L << 32)),
                one("first write, zero fill", world -> world.space.setLong(world.empty + 8, 42)),
                one("first write of another leaf", world -> world.space.setLong(world.far + 8, 42)),
                one("write of a page that is there", world -> world.space.setLong(world.filled + 8, 42)),
                shared("first write after fork", world -> world.space.setLong(world.filled + 8, 42)),
                shared("first write of the fork", world -> world.child().setLong(world.filled + 8, 42)),
                shared("range write after fork", world -> world.fill()),
                one("fork", world -> world.fork(false)),
                one("snapshot", world -> world.fork(true)),
                shared("fork of a fork", world -> world.fork(false)),
                one("unmap", world -> world.space.unmap(world.filled + World.PAGE, 2L * World.PAGE)),
                shared("unmap of shared pages", world -> world.space.unmap(world.filled + World.PAGE, 2L * World.PAGE)),
                shared("unmap of everything", world -> {
                    world.space.unmap(world.filled, 4L * World.PAGE);
                }),
                one("protect to less",
                        world -> world.space.protect(world.filled, 2L * World.PAGE, Protection.READ_ONLY)),
                shared("protect to nothing",
                        world -> world.space.protect(world.filled, 2L * World.PAGE, Protection.NONE)),
                one("discard", world -> world.space.discard(world.filled + World.PAGE, 2L * World.PAGE)),
                shared("discard of shared pages",
                        world -> world.space.discard(world.filled + World.PAGE, 2L * World.PAGE)),
                shared("close", world -> {
                    if (!world.space.isClosed()) {
                        world.space.close();
                    }
                }));
    }

    private static Scenario one(String name, Consumer<Spaces> act) {
        return new Scenario(name, () -> new Spaces(false, act));
    }

    private static Scenario shared(String name, Consumer<Spaces> act) {
        return new Scenario(name, () -> new Spaces(true, act));
    }

    /** Opens a space. */
    private static final class NewSpace extends World {

        private @Nullable AddressSpace space;

        @Override
        public void act() {
            if (space == null) {
                space = open(manager.newAddressSpace());
            }
        }
    }

    /** A space with four pages that are filled, four that are empty, and perhaps a fork. */
    private static final class Spaces extends World {

        final AddressSpace space = open(manager.newAddressSpace());
        final long filled = mapped(space, 4, true);
        final long empty = mapped(space, 4, false);
        final long far = mapped(space, 4, false);
        private final Consumer<Spaces> act;
        private @Nullable AddressSpace child;
        private @Nullable AddressSpace copy;
        long addressOfMap;
        private boolean writesPages;

        Spaces(boolean forked, Consumer<Spaces> act) {
            this.act = act;
            space.setLong(empty + PAGE + 8, 4711);
            if (forked) {
                child = open(space.fork());
            }
        }

        AddressSpace child() {
            return java.util.Objects.requireNonNull(child);
        }

        void fill() {
            writesPages = true;
            space.fill(filled, 3L * PAGE, (byte) 7);
        }

        void fork(boolean asSnapshot) {
            if (copy == null) {
                copy = open(asSnapshot ? space.snapshot() : space.fork());
            }
        }

        @Override
        public void act() {
            act.accept(this);
        }

        /** A range may be written in part: its pages are written one after the other. */
        @Override
        public boolean mayLeave(List<String> state, List<String> before, List<String> after) {
            return super.mayLeave(state, before, after)
                    || writesPages && state.stream().allMatch(line -> before.contains(line) || after.contains(line));
        }

        @Override
        public List<String> state() {
            List<String> lines = new java.util.ArrayList<>(super.state());
            lines.add("mapped at 0x" + Long.toHexString(addressOfMap));
            if (!space.isClosed()) {
                lines.add(space.mappings().toString());
            }
            return lines;
        }
    }
}
