package io.quire.memory.errors.world;

import io.quire.memory.AddressSpace;
import io.quire.memory.errors.Scenario;
import io.quire.memory.structure.ForkableMap;
import io.quire.memory.structure.MapFaults;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Maps in a space and in a fork of it. */
public final class MapScenarios {

    /** Number of entries that the smallest table takes. */
    private static final int TABLE_FULL = 12;
    private static final int LARGE = 100_000;

    private MapScenarios() {
    }

    public static List<Scenario> all() {
        return List.of(
                of("create of a map", Maps::create),
                of("put of a new key", world -> world.put(world.map, "new", 100)),
                of("put over a value", world -> world.put(world.map, "key 1", 50)),
                of("put over a large value", world -> world.put(world.map, "large", 50)),
                of("put that grows the table", world -> {
                    while (world.map.size() < TABLE_FULL) {
                        world.put(world.map, "more " + world.map.size(), 10);
                    }
                }, world -> world.put(world.map, "new", 10)),
                of("put that splits a block", world -> world.map.remove(bytes("large")),
                        world -> world.put(world.map, "new", 1_000)),
                of("put that sweeps and merges", Maps::leaveHoles, world -> world.put(world.map, "new", 3_000)),
                of("put that finds no room", world -> {
                    try {
                        world.put(world.map, "new", Maps.REGION - 5_000);
                    } catch (io.quire.memory.contract.StructureFullException full) {
                        return;
                    }
                }),
                of("remove from a map", world -> world.map.remove(bytes("key 1"))),
                of("remove of a large value", world -> world.map.remove(bytes("large"))),
                of("clear of a map", world -> world.map.clear()),
                of("get from a map", world -> world.found(world.map.get(bytes("key 1")))),
                of("containsKey of a map",
                        world -> world.found(world.map.containsKey(bytes("key 1")) ? bytes("yes") : null)),
                of("forEach of a map", world -> world.found(bytes(entries(world.map).toString()))),
                of("map in a fork", world -> world.found(ForkableMap.open(world.child, world.map.address())
                        .get(bytes("key 1")))),
                of("put in a fork", world -> world.put(world.mapOfChild(), "new", 100)),
                of("put through an accessor", Maps::putThroughAccessor),
                amid("get in a fork amid a put", world -> world.found(world.mapOfChild().get(bytes("amid")))),
                amid("put in a fork amid a put", world -> world.put(world.mapOfChild(), "new", 100)),
                amid("remove in a fork amid a put", world -> world.mapOfChild().remove(bytes("amid"))));
    }

    private static Scenario of(String name, Consumer<Maps> act) {
        return of(name, _ -> {}, act);
    }

    private static Scenario of(String name, Consumer<Maps> prepare, Consumer<Maps> act) {
        return new Scenario(name, () -> new Maps(prepare, act));
    }

    private static Scenario amid(String name, Consumer<Maps> act) {
        return of(name, world -> {
            world.put(world.map, "amid", 200);
            MapFaults.leaveAmid(world.child, world.space, world.map);
        }, act);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static TreeMap<String, String> entries(ForkableMap map) {
        TreeMap<String, String> entries = new TreeMap<>();
        map.forEach((key, value) -> entries.put(new String(key, StandardCharsets.UTF_8),
                value.length + "#" + Arrays.hashCode(value)));
        return entries;
    }

    /** A map with some entries, one of them large, and a fork of its space. */
    private static final class Maps extends World {

        static final int REGION = 1 << 18;

        final AddressSpace space = open(manager.newAddressSpace());
        final ForkableMap map = MapFaults.create(space, REGION);
        final AddressSpace child;
        private final Consumer<Maps> act;
        private @Nullable ForkableMap mapOfChild;
        private @Nullable ForkableMap another;
        private byte @Nullable [] found;

        Maps(Consumer<Maps> prepare, Consumer<Maps> act) {
            this.act = act;
            for (int i = 0; i < 5; i++) {
                put(map, "key " + i, 20 + i);
            }
            put(map, "large", LARGE);
            child = open(space.fork());
            prepare.accept(this);
        }

        void put(ForkableMap where, String key, int length) {
            byte[] value = new byte[length];
            Arrays.fill(value, (byte) length);
            where.put(bytes(key), value);
        }

        void leaveHoles() {
            for (int i = 0; i < 60; i++) {
                put(map, "hole " + i, 500);
            }
            for (int i = 10; i < 50; i++) {
                map.remove(bytes("hole " + i));
            }
            map.remove(bytes("large"));
            put(map, "large", LARGE); // into its old block, or into the block that was meant for it
        }

        void create() {
            if (another == null) {
                another = ForkableMap.create(space, 1 << 16);
            }
        }

        ForkableMap mapOfChild() {
            if (mapOfChild == null) {
                mapOfChild = ForkableMap.open(child, map.address());
            }
            return mapOfChild;
        }

        void putThroughAccessor() {
            try (var accessor = space.accessor()) {
                put(map.with(accessor), "new", 100);
            }
        }

        void found(byte @Nullable [] what) {
            found = what;
        }

        @Override
        public void act() {
            act.accept(this);
        }

        private List<ForkableMap> maps() {
            List<ForkableMap> maps = new ArrayList<>();
            for (AddressSpace one : spaces()) {
                maps.add(ForkableMap.open(one, map.address()));
            }
            if (another != null && !space.isClosed()) {
                maps.add(another);
            }
            return maps;
        }

        @Override
        public void recount() {
            super.recount();
            maps().forEach(MapFaults::recount);
        }

        @Override
        public List<String> state() {
            List<String> lines = new ArrayList<>(super.state());
            for (ForkableMap one : maps()) {
                lines.add("size=" + one.size() + ", valueBytes=" + one.valueBytes() + ", entries=" + entries(one));
            }
            lines.add("found=" + (found == null ? "nothing" : new String(found, StandardCharsets.UTF_8)));
            return lines;
        }

        @Override
        void useOne(AddressSpace one) {
            super.useOne(one);
            ForkableMap used = ForkableMap.open(one, map.address());
            used.put(bytes("used"), new byte[100]);
            if (!used.remove(bytes("used"))) {
                throw new AssertionError("the map has lost an entry");
            }
        }
    }
}
