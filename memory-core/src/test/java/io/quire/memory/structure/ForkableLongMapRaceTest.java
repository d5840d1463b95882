package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Readers and forks run against a writer, and writers against each other. Each value proves its key: it is the key
 * times a constant, with the number of the round in the low bits.
 */
@ExtendWith(Seed.class)
class ForkableLongMapRaceTest {

    private static final int KEYS = 200;
    private static final int ROUND_BITS = 32;
    private static final long ABSENT = -1;
    private static final Duration TIME = Duration.ofMillis(900);

    private final MemoryManager memory = MemoryManager.builder().hostPool(128L << 20).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final ForkableLongMap map = ForkableLongMap.create(space, 64L << 20);
    private final AtomicLongArray rounds = new AtomicLongArray(KEYS); // each key has reached at least this round

    @AfterEach
    void close() {
        map.check();
        space.close();
        memory.close();
    }

    private static long valueOf(long key, long round) {
        return key * 7919 << ROUND_BITS | round;
    }

    /** Returns the round of a value, after a look at whether it is one of the key. */
    private static long round(long key, long value) {
        long round = value & (1L << ROUND_BITS) - 1;
        assertThat(value).as("value of %d", key).isEqualTo(valueOf(key, round));
        return round;
    }

    /** Keys of the readers are always there and grow; others come and go, so that slots, nodes and pages are reused. */
    private void replaceAmidChurn(BooleanSupplier running, MemoryAccess access, SplittableRandom random) {
        ForkableLongMap mine = map.with(access);
        for (int round = 1; running.getAsBoolean(); round++) {
            for (int key = 0; key < KEYS; key++) {
                mine.put(key, valueOf(key, round));
                rounds.set(key, round);
                long passing = KEYS + random.nextInt(4 * KEYS);
                if (!mine.remove(passing)) {
                    mine.put(passing, valueOf(passing, round));
                }
            }
            if (round % 8 == 0) { // many buckets become one, and are divided again
                for (int passing = KEYS; passing < 5 * KEYS; passing++) {
                    mine.remove(passing);
                }
            }
        }
    }

    private void read(BooleanSupplier running, MemoryAccess access) {
        ForkableLongMap mine = map.with(access);
        for (int i = 0; running.getAsBoolean(); i++) {
            int key = i % KEYS;
            long atLeast = rounds.get(key);
            assertThat(round(key, mine.getOrDefault(key, ABSENT))).isGreaterThanOrEqualTo(atLeast);
            assertThat(mine.containsKey(key)).isTrue();
            long passing = KEYS + i % (4 * KEYS);
            long value = mine.getOrDefault(passing, ABSENT);
            if (value != ABSENT) {
                round(passing, value);
            }
            assertThat(mine.containsKey(-1 - i)).isFalse();
        }
    }

    private void readByAccessor(BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            read(running, accessor);
        }
    }

    private void forkAndCheck(BooleanSupplier running) {
        while (running.getAsBoolean()) {
            long[] atLeast = new long[KEYS];
            for (int key = 0; key < KEYS; key++) {
                atLeast[key] = rounds.get(key);
            }
            try (AddressSpace child = space.fork()) {
                ForkableLongMap forked = map.with(child);
                forked.check();
                forked.forEach(ForkableLongMapRaceTest::round);
                for (int key = 0; key < KEYS; key++) {
                    assertThat(round(key, forked.getOrDefault(key, ABSENT))).isGreaterThanOrEqualTo(atLeast[key]);
                    forked.put(key, valueOf(key, 1));
                    forked.remove(KEYS + key);
                }
                forked.check();
            }
        }
    }

    private void putAll() {
        for (int key = 0; key < KEYS; key++) {
            map.put(key, valueOf(key, 0));
        }
    }

    @Test
    void readersSeeValuesOfTheirKeysThatNeverGetOlder(SplittableRandom random) throws InterruptedException {
        putAll();
        Threads.race(TIME, running -> replaceAmidChurn(running, space, random),
                running -> read(running, space), this::readByAccessor);
    }

    @Test
    void readersSeeTheSameWhileTheMapIsForked(SplittableRandom random) throws InterruptedException {
        putAll();
        Threads.race(TIME, running -> {
            try (Accessor accessor = space.accessor()) {
                replaceAmidChurn(running, accessor, random);
            }
        }, running -> read(running, space), this::readByAccessor, this::forkAndCheck);
    }

    /** One bucket, unshared: each insertion fills the slot of a removed entry while readers look on. */
    @Test
    void slotsOfRemovedEntriesAreFilledWhileReadersLookOn() throws InterruptedException {
        for (int key = 0; key < 12; key++) {
            map.put(key, valueOf(key, 0));
        }
        Threads.race(TIME, running -> {
            for (long round = 1; running.getAsBoolean(); round++) {
                long key = round % 12;
                map.remove(key);
                map.put(key + 12, valueOf(key + 12, round));
                map.remove(key + 12);
                map.put(key, valueOf(key, round));
            }
        }, running -> readAny(running, 24, space), running -> readAny(running, 24, space));
    }

    private void readAny(BooleanSupplier running, int keys, MemoryAccess access) {
        ForkableLongMap mine = map.with(access);
        for (int i = 0; running.getAsBoolean(); i++) {
            int key = i % keys;
            long value = mine.getOrDefault(key, ABSENT);
            if (value != ABSENT) {
                round(key, value);
            }
        }
    }

    @Test
    void readersOutliveClears() throws InterruptedException {
        Threads.race(TIME, running -> {
            for (int round = 0; running.getAsBoolean(); round++) {
                for (int key = 0; key < 1000; key++) {
                    map.put(key, valueOf(key, round));
                }
                map.clear();
            }
        }, running -> readAny(running, 1000, space), running -> {
            try (Accessor accessor = space.accessor()) {
                readAny(running, 1000, accessor);
            }
        });
    }

    /** The writer puts 1, 2, 3, ... into keys in order. So a fork has all numbers up to one, and none behind it. */
    @Test
    void forksArePrefixesOfTheHistory() throws InterruptedException {
        int keys = 500;
        AtomicLong done = new AtomicLong();
        Threads.race(TIME, running -> {
            for (long number = 1; running.getAsBoolean(); number++) {
                map.put(number % keys, number);
                done.set(number);
            }
        }, running -> {
            while (running.getAsBoolean()) {
                long atLeast = done.get();
                try (AddressSpace child = space.snapshot()) {
                    long atMost = done.get() + 1;
                    ForkableLongMap forked = map.with(child);
                    long[] last = {0};
                    forked.forEach((key, number) -> last[0] = Math.max(last[0], number));
                    assertThat(last[0]).isBetween(atLeast, atMost);
                    for (long number = Math.max(1, last[0] - keys + 1); number <= last[0]; number++) {
                        assertThat(forked.getOrDefault(number % keys, 0)).isEqualTo(number);
                    }
                    forked.check();
                }
            }
        });
    }

    @Test
    void writersThroughAccessesOfTheirOwnTakeTurns() throws InterruptedException {
        Threads.race(TIME, this::count, this::count, running -> {
            while (running.getAsBoolean()) {
                space.fork().close();
            }
        });
        long[] sums = new long[2];
        map.forEach((key, value) -> sums[key < 0 ? 1 : 0] += value);
        assertThat(sums[0]).isEqualTo(sums[1]).isPositive();
    }

    private void count(BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            ForkableLongMap mine = map.with(accessor);
            for (long i = 0; running.getAsBoolean(); i++) {
                mine.addTo(i % 100, 1);
                map.addTo(-1 - i % 70, 1);
            }
        }
    }

    @Test
    void closeOfTheSpaceEndsReadersAndWriters() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            AddressSpace child = space.fork();
            ForkableLongMap forked = map.with(child);
            Threads.race(Duration.ofSeconds(10), running -> untilClosed(() -> forked.addTo(1, 1)),
                    running -> untilClosed(() -> forked.getOrDefault(1, 1)), running -> {
                        Thread.sleep(2);
                        child.close();
                    });
        }
    }

    private static void untilClosed(Runnable call) {
        try {
            while (true) {
                call.run();
            }
        } catch (ClosedException closed) {
            assertThat(closed).hasMessageContaining("closed");
        }
    }
}
