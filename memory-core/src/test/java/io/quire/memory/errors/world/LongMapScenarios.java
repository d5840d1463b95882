package io.quire.memory.errors.world;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.errors.Scenario;
import io.quire.memory.structure.ForkableLongMap;
import io.quire.memory.structure.MapFaults;
import io.quire.memory.structure.StructureFork;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;

/** A map of longs in a space and in a fork of it. An operation that is repeated does what is not done yet. */
public final class LongMapScenarios {

    private static final int ENTRIES = 300;

    /** As many entries as a bucket takes. */
    private static final int BUCKET_FULL = 15;

    private LongMapScenarios() {
    }

    public static List<Scenario> all() {
        return List.of(
                of("create of a map of longs", Longs::create),
                of("put of a value into a map of longs", world -> world.map.put(5, 55)),
                of("put of a new key", world -> world.map.put(-5, 55)),
                of("put that divides a bucket", world -> world.small.put(-5, 55)),
                of("put through an accessor", world -> {
                    try (Accessor accessor = world.space.accessor()) {
                        world.map.with(accessor).put(7, 77);
                    }
                }),
                of("removal from a map of longs", world -> world.map.remove(9)),
                of("removal that leaves a bucket empty", world -> world.tiny.remove(1)),
                of("clear of a map of longs", world -> world.map.clear()),
                of("fork of a map of longs", world -> {
                    try (StructureFork<ForkableLongMap> fork = world.map.fork()) {
                        fork.structure().put(0, 77);
                    }
                }),
                of("all entries of a map of longs", world -> entries(world.map)));
    }

    private static Scenario of(String name, Consumer<Longs> act) {
        return new Scenario(name, () -> new Longs(act));
    }

    private static TreeMap<Long, Long> entries(ForkableLongMap map) {
        TreeMap<Long, Long> entries = new TreeMap<>();
        map.forEach(entries::put);
        return entries;
    }

    /** A map with some entries, and a fork of its space. */
    private static final class Longs extends World {

        final AddressSpace space = open(manager.newAddressSpace());
        final ForkableLongMap map = ForkableLongMap.create(space, 1 << 20);
        final ForkableLongMap small = ForkableLongMap.create(space, 1 << 16);
        final ForkableLongMap tiny = ForkableLongMap.create(space, 1 << 16);
        private final Consumer<Longs> act;
        private boolean isCreated;

        Longs(Consumer<Longs> act) {
            this.act = act;
            for (int key = 0; key < ENTRIES; key++) {
                map.put(key, key);
            }
            for (int key = 0; key < BUCKET_FULL; key++) {
                small.put(key, key);
            }
            tiny.put(1, 1);
            open(space.fork());
        }

        void create() {
            if (!isCreated) {
                ForkableLongMap.create(space, 1 << 16).put(1, 1);
                isCreated = true;
            }
        }

        @Override
        public void act() {
            act.accept(this);
        }

        @Override
        public List<String> state() {
            List<String> lines = new ArrayList<>(super.state());
            for (AddressSpace one : spaces()) {
                for (ForkableLongMap each : List.of(map, small, tiny)) {
                    ForkableLongMap its = ForkableLongMap.open(one, each.address());
                    lines.add("size=" + its.size() + ", entries=" + entries(its).hashCode());
                }
            }
            return lines;
        }

        @Override
        void useOne(AddressSpace one) {
            super.useOne(one);
            for (ForkableLongMap each : List.of(map, small, tiny)) {
                MapFaults.recount(ForkableLongMap.open(one, each.address()));
            }
            try (AddressSpace fork = one.fork()) {
                ForkableLongMap its = ForkableLongMap.open(fork, map.address());
                its.put(-1, 1);
                if (its.addTo(-1, 1) != 2 || !its.remove(-1)) {
                    throw new AssertionError("the map has lost an entry");
                }
                MapFaults.recount(its);
            }
        }
    }
}
