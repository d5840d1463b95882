package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;

/** The model of a map, with Latin-1 strings. Changes go to the map and to the model. */
final class MapModel {

    private final Map<String, String> entries;

    MapModel() {
        this(Map.of());
    }

    private MapModel(Map<String, String> entries) {
        this.entries = new HashMap<>(entries);
    }

    MapModel copy() {
        return new MapModel(entries);
    }

    void become(MapModel other) {
        entries.clear();
        entries.putAll(other.entries);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static byte[] randomBytes(RandomGenerator random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Returns the seed of this run. Show it with every failure. */
    static long seed() {
        return Long.getLong("memory.seed", System.nanoTime());
    }

    void put(ForkableMap map, byte[] key, byte[] value) {
        boolean replaced = map.put(key, value);
        assertThat(replaced).isEqualTo(entries.put(text(key), text(value)) != null);
    }

    void remove(ForkableMap map, byte[] key) {
        boolean removed = map.remove(key);
        assertThat(removed).isEqualTo(entries.remove(text(key)) != null);
    }

    void clear(ForkableMap map) {
        map.clear();
        entries.clear();
    }

    void forEach(BiConsumer<byte[], byte[]> action) {
        entries.forEach((key, value) -> action.accept(bytes(key), bytes(value)));
    }

    /** Makes a random change, mostly of few keys and of small values. */
    void change(ForkableMap map, RandomGenerator random) {
        byte[] key = bytes("k" + random.nextInt(200));
        switch (random.nextInt(40)) {
            case 0 -> put(map, key, randomBytes(random, random.nextInt(9000)));
            case 1 -> put(map, randomBytes(random, random.nextInt(300)), new byte[0]);
            case 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 -> remove(map, key);
            case 15 -> {
                if (random.nextInt(40) == 0) {
                    clear(map);
                }
            }
            default -> put(map, key, randomBytes(random, random.nextInt(120)));
        }
    }

    /** Checks that the map has exactly the entries of the model, and that its memory is in order. */
    void check(ForkableMap map) {
        map.check();
        Map<String, String> found = new HashMap<>();
        map.forEach((key, value) -> assertThat(found.put(text(key), text(value))).isNull());
        assertThat(found).isEqualTo(entries);
        assertThat(map.size()).isEqualTo(entries.size());
        assertThat(map.valueBytes()).isEqualTo(entries.values().stream().mapToLong(String::length).sum());
        entries.forEach((key, value) -> assertThat(map.get(bytes(key))).isEqualTo(bytes(value)));
        assertThat(map.containsKey(bytes("no such key"))).isFalse();
        assertThat(map.get(bytes("no such key"))).isNull();
    }
}
