package io.quire.memory.soak;

import io.quire.memory.MemoryAccess;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.OutOfAddressesException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.contract.StructureFullException;
import io.quire.memory.contract.TooManySpacesException;
import io.quire.memory.soak.ModelSpace.MapContent;
import io.quire.memory.soak.StepRound.Generator;
import io.quire.memory.structure.ForkableMap;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Maps in spaces, forks and snapshots, opened anew for each step, through a space or an accessor. */
final class MapSteps {

    private static final Set<Class<?>> CHANGE = Set.of(StructureFullException.class, OutOfFramesException.class,
            DriverFailedException.class);

    private static final Set<Class<?>> VISIT = Set.of(TooManySpacesException.class, OutOfFramesException.class,
            DriverFailedException.class);

    private final StepRound round;
    private final Random random;

    MapSteps(StepRound round) {
        this.round = round;
        this.random = round.random;
    }

    List<Generator> generators() {
        return List.of(new Generator("map-create", 1, this::create), new Generator("map-put", 14, this::put),
                new Generator("map-get", 8, this::get), new Generator("map-remove", 6, this::remove),
                new Generator("map-clear", 1, this::clear), new Generator("map-for-each", 2, this::forEach));
    }

    private void create() {
        Live live = round.space();
        if (live.model.maps.size() > 2) {
            return;
        }
        long region = 8192L + random.nextInt(400_000);
        ForkableMap[] made = new ForkableMap[1];
        Set<Class<?>> must = live.model.snapshot ? Set.of(ProtectionException.class) : Set.of();
        if (round.attempt("create in " + live, must, Set.of(OutOfAddressesException.class, OutOfFramesException.class,
                DriverFailedException.class), () -> made[0] = ForkableMap.create(live.space, region))) {
            long address = made[0].address();
            live.model.set(address, address + made[0].regionBytes(), io.quire.memory.contract.Protection.READ_WRITE);
            live.model.maps.put(address, new MapContent(made[0].regionBytes(), new HashMap<>()));
        }
    }

    /** An open map of a space. */
    private record Opened(Live live, ForkableMap map, MapContent content) {
    }

    private @Nullable Opened open() {
        Live live = round.space();
        if (live.model.maps.isEmpty()) {
            return null;
        }
        Map.Entry<Long, MapContent> entry = round.pick(live.model.maps.entrySet().stream().toList());
        ForkableMap[] made = new ForkableMap[1];
        MemoryAccess access = round.access(live);
        if (!round.attempt("open by " + access, StepRound.NONE, StepRound.ACCESS,
                () -> made[0] = ForkableMap.open(access, entry.getKey()))) {
            return null;
        }
        if (random.nextInt(4) == 0) {
            MemoryAccess other = round.access(live);
            round.attempt("with " + other, StepRound.NONE, StepRound.ACCESS, () -> made[0] = made[0].with(other));
        }
        return new Opened(live, made[0], entry.getValue());
    }

    private byte[] key() {
        byte[] key = new byte[random.nextInt(9) == 0 ? random.nextInt(300) : 1];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (random.nextInt(60) + i);
        }
        return key;
    }

    private byte[] value() {
        byte[] value = new byte[switch (random.nextInt(12)) {
            case 0 -> random.nextInt(100_000);
            case 1 -> 0;
            case 2, 3 -> random.nextInt(5000);
            default -> random.nextInt(200);
        }];
        random.nextBytes(value);
        return value;
    }

    private static Set<Class<?>> changes(Live live) {
        return live.model.snapshot ? Set.of(ProtectionException.class) : Set.of();
    }

    private void put() {
        Opened opened = open();
        if (opened == null) {
            return;
        }
        byte[] key = key();
        byte[] value = value();
        if (value.length > opened.content.regionBytes() / 2) {
            return; // a value that can never fit is refused by another exception
        }
        boolean[] had = new boolean[1];
        ByteBuffer name = ByteBuffer.wrap(key);
        if (round.attempt("put " + name + " " + value.length + " " + opened.map, changes(opened.live), CHANGE,
                () -> had[0] = opened.map.put(key, value))) {
            if (had[0] != (opened.content.entries().put(name, value) != null)) {
                throw new SoakFailure("put says " + had[0] + " of " + Arrays.toString(key));
            }
        }
        compareKey(opened, key);
    }

    private void get() {
        Opened opened = open();
        if (opened != null) {
            compareKey(opened, key());
        }
    }

    private void compareKey(Opened opened, byte[] key) {
        byte[][] found = new byte[1][];
        boolean[] has = new boolean[1];
        if (round.attempt("get " + opened.map, StepRound.NONE, StepRound.ACCESS, () -> {
            found[0] = opened.map.get(key);
            has[0] = opened.map.containsKey(key);
            return null;
        })) {
            byte[] expected = opened.content.entries().get(ByteBuffer.wrap(key));
            if (!Arrays.equals(found[0], expected) || has[0] != (expected != null)) {
                throw new SoakFailure("a map has a wrong value: space=" + opened.live + ", map=" + opened.map
                        + ", key=" + Arrays.toString(key) + ", is=" + Arrays.toString(found[0]) + ", expected="
                        + Arrays.toString(expected));
            }
        }
    }

    private void remove() {
        Opened opened = open();
        if (opened == null) {
            return;
        }
        byte[] key = key();
        boolean[] had = new boolean[1];
        if (round.attempt("remove " + opened.map, changes(opened.live), CHANGE,
                () -> had[0] = opened.map.remove(key))
                && had[0] != (opened.content.entries().remove(ByteBuffer.wrap(key)) != null)) {
            throw new SoakFailure("remove says " + had[0] + " of " + Arrays.toString(key));
        }
        compareKey(opened, key);
    }

    private void clear() {
        Opened opened = open();
        if (opened != null && random.nextInt(4) == 0 && round.attempt("clear " + opened.map, changes(opened.live),
                CHANGE, () -> {
                    opened.map.clear();
                    return null;
                })) {
            opened.content.entries().clear();
        }
    }

    private void forEach() {
        Opened opened = open();
        if (opened != null) {
            Map<ByteBuffer, byte[]> found = new HashMap<>();
            if (round.attempt("forEach " + opened.map, StepRound.NONE, VISIT, () -> {
                opened.map.forEach((key, value) -> found.put(ByteBuffer.wrap(key), value));
                return null;
            })) {
                check(opened.live, opened.map, found, opened.content);
            }
        }
    }

    /** Compares all maps of a space with the model, as far as they can be read. */
    static void compare(Live live) {
        live.model.maps.forEach((address, content) -> {
            Map<ByteBuffer, byte[]> found = new HashMap<>();
            ForkableMap map;
            try {
                map = ForkableMap.open(live.space, address);
                map.forEach((key, value) -> found.put(ByteBuffer.wrap(key), value));
                if (map.size() != content.entries().size() || map.valueBytes() != content.entries().values().stream()
                        .mapToLong(value -> value.length).sum()) {
                    throw new SoakFailure("a map has a wrong size: " + map + ", is=" + map.size() + ", expected="
                            + content.entries().size());
                }
            } catch (OutOfFramesException | DriverFailedException | TooManySpacesException notNow) {
                return;
            }
            check(live, map, found, content);
        });
    }

    private static void check(Live live, ForkableMap map, Map<ByteBuffer, byte[]> found, MapContent content) {
        boolean same = found.keySet().equals(content.entries().keySet());
        for (Map.Entry<ByteBuffer, byte[]> entry : found.entrySet()) {
            same = same && Arrays.equals(entry.getValue(), content.entries().get(entry.getKey()));
        }
        if (!same) {
            throw new SoakFailure("a map has wrong entries: space=" + live + ", map=" + map + ", is=" + found.size()
                    + ", expected=" + content.entries().size());
        }
    }
}
