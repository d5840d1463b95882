package io.quire.memory.structure;

import static io.quire.memory.structure.MapModel.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryManager;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Readers run against a writer, and writers against each other. Each value has a checksum that proves its key.
 */
class ForkableMapRaceTest {

    private static final int KEYS = 40;
    private static final long NANOS = 700_000_000L;

    private final MemoryManager memory = MemoryManager.builder().hostPool(128L << 20).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final ForkableMap map = ForkableMap.create(space, 64L << 20);
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicLongArray rounds = new AtomicLongArray(KEYS); // each key has reached at least this round

    @AfterEach
    void close() {
        map.check();
        space.close();
        memory.close();
    }

    @Test
    void readersSeeWholeValuesThatNeverGetOlder() throws Exception {
        putAll(0);
        run(List.of(() -> replace(space), () -> read(true), () -> read(false)));
    }

    @Test
    void readersSeeWholeValuesWhileTheMapIsForkedAndCleared() throws Exception {
        run(List.of(this::churn, this::readAny, this::readAny, () -> {
            while (!stop.get()) {
                try (AddressSpace child = space.fork()) {
                    ForkableMap forked = ForkableMap.open(child, map.address());
                    forked.check();
                    forked.forEach(ForkableMapRaceTest::verify);
                    forked.put(bytes("child"), valueOf(bytes("child"), 1, 10));
                }
            }
            return null;
        }));
    }

    @Test
    void writersThroughAccessorsOfTheirOwnTakeTurns() throws Exception {
        List<MapModel> models = List.of(new MapModel(), new MapModel());
        run(List.of(() -> write("a", models.get(0)), () -> write("b", models.get(1)), this::readAny));
        MapModel both = new MapModel();
        ForkableMap copy = ForkableMap.create(space, 64L << 20);
        models.forEach(model -> model.forEach((key, value) -> both.put(copy, key, value)));
        both.check(map);
    }

    private Void write(String prefix, MapModel model) {
        RandomGenerator random = RandomGeneratorFactory.getDefault().create(prefix.hashCode());
        try (Accessor accessor = space.accessor()) {
            ForkableMap mine = map.with(accessor);
            for (int i = 0; !stop.get(); i++) {
                byte[] key = bytes(prefix + random.nextInt(2000));
                if (random.nextInt(3) == 0) {
                    model.remove(mine, key);
                } else {
                    model.put(mine, key, valueOf(key, i, random.nextInt(200)));
                }
            }
        }
        return null;
    }

    /** Replaces all values in rounds. Once a reader has seen a round of a key, it must not see an older one. */
    private Void replace(MemoryAccess access) {
        ForkableMap mine = map.with(access);
        for (int round = 1; !stop.get(); round++) {
            for (int k = 0; k < KEYS; k++) {
                mine.put(key(k), valueOf(key(k), round, k * 300));
                rounds.set(k, round);
            }
        }
        return null;
    }

    private Void read(boolean throughAnAccessor) {
        try (Accessor accessor = space.accessor()) {
            ForkableMap mine = throughAnAccessor ? map.with(accessor) : map;
            for (int i = 0; !stop.get(); i++) {
                int k = i % KEYS;
                long atLeast = rounds.get(k);
                byte[] value = mine.get(key(k));
                assertThat(value).isNotNull();
                assertThat(verify(key(k), value)).isGreaterThanOrEqualTo(atLeast);
                assertThat(mine.containsKey(key(k))).isTrue();
            }
        }
        return null;
    }

    private Void churn() {
        try (Accessor accessor = space.accessor()) {
            ForkableMap mine = map.with(accessor);
            RandomGenerator random = RandomGeneratorFactory.getDefault().create(1);
            for (int i = 1; !stop.get(); i++) {
                byte[] key = key(random.nextInt(KEYS));
                switch (random.nextInt(30)) {
                    case 0 -> {
                        if (random.nextInt(50) == 0) {
                            mine.clear();
                        }
                    }
                    case 1, 2, 3, 4, 5, 6, 7, 8, 9 -> mine.remove(key);
                    default -> mine.put(key, valueOf(key, i, random.nextInt(3000)));
                }
            }
        }
        return null;
    }

    private Void readAny() {
        try (Accessor accessor = space.accessor()) {
            ForkableMap mine = map.with(accessor);
            for (int i = 0; !stop.get(); i++) {
                byte[] value = mine.get(key(i % KEYS));
                if (value != null) {
                    verify(key(i % KEYS), value);
                }
                mine.containsKey(key(i % KEYS));
                assertThat(mine.get(bytes("never"))).isNull();
            }
        }
        return null;
    }

    private void putAll(int round) {
        for (int k = 0; k < KEYS; k++) {
            map.put(key(k), valueOf(key(k), round, k * 300));
        }
    }

    private static byte[] key(int k) {
        return bytes("key" + k);
    }

    /** Returns a value: the round, a filling, and a checksum of key, round and filling. */
    private static byte[] valueOf(byte[] key, long round, int filling) {
        ByteBuffer value = ByteBuffer.allocate(16 + filling).putLong(round);
        while (value.remaining() > 8) {
            value.put((byte) (round + value.position()));
        }
        return value.putLong(checksum(key, value.array())).array();
    }

    private static long verify(byte[] key, byte[] value) {
        ByteBuffer read = ByteBuffer.wrap(value);
        assertThat(read.getLong(value.length - 8)).isEqualTo(checksum(key, value));
        return read.getLong(0);
    }

    private static long checksum(byte[] key, byte[] value) {
        CRC32 crc = new CRC32();
        crc.update(key);
        crc.update(value, 0, value.length - 8);
        return crc.getValue();
    }

    private void run(List<Callable<Void>> tasks) throws ExecutionException, InterruptedException {
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<Void>> running = new ArrayList<>();
            tasks.forEach(task -> running.add(threads.submit(task)));
            long end = System.nanoTime() + NANOS;
            while (System.nanoTime() < end && running.stream().noneMatch(Future::isDone)) {
                Thread.sleep(10);
            }
            stop.set(true);
            for (Future<Void> task : running) {
                task.get();
            }
        }
    }
}
