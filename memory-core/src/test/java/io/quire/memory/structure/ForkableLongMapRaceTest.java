package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryManager;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Readers and forkers run against a writer of a map. A value proves its key, and the values of a key grow, so a reader
 * that sees a value of another key, or an older one than before, has seen what is not there any more.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForkableLongMapRaceTest {

    private static final int ALWAYS_THERE = 200;
    private static final int COMING_AND_GOING = 3_000;
    private static final long NANOS = 1_500_000_000L;

    /** The low bits of a value are its round, the others its key. */
    private static final int ROUND_BITS = 32;

    private final MemoryManager memory = MemoryManager.builder().hostPool(256L << 20).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final ForkableLongMap map = ForkableLongMap.create(space);
    private final AtomicBoolean stop = new AtomicBoolean();

    @AfterEach
    void close() {
        map.check();
        space.close();
        memory.close();
    }

    @Test
    void readersFindWhatIsThereAndNothingElse() throws Exception {
        putAll(map, 0);
        run(List.of(this::churn, () -> read(true), () -> read(false)));
    }

    @Test
    void readersFindWhatIsThereWhileTheMapIsForked() throws Exception {
        putAll(map, 0);
        run(List.of(this::churn, () -> read(true), () -> read(false), this::fork));
    }

    /** A fork has exactly what the writer had put when the fork was taken: all numbers up to one, and none above it. */
    @Test
    void aForkHasThePutsBeforeItAndNoOthers() throws Exception {
        run(List.of(this::countUp, this::forkPrefixes));
    }

    @Test
    void writersThatTakeTurnsLoseNothing() throws Exception {
        int times = 20_000;
        Callable<Void> adder = () -> {
            try (Accessor accessor = space.accessor()) {
                ForkableLongMap mine = map.with(accessor);
                for (int i = 0; i < times; i++) {
                    mine.addTo(i % 50, 1);
                }
            }
            return null;
        };
        run(List.of(adder, adder, this::fork));
        for (int key = 0; key < 50; key++) {
            assertThat(map.getOrDefault(key, 0)).isEqualTo(2 * times / 50);
        }
    }

    /** Runs tasks until one of them ends, or the time is over. */
    private void run(List<Callable<Void>> tasks) throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<Void>> running = new ArrayList<>();
            for (Callable<Void> task : tasks) {
                running.add(threads.submit(task));
            }
            long end = System.nanoTime() + NANOS;
            while (System.nanoTime() < end && running.stream().noneMatch(Future::isDone)) {
                Thread.sleep(1);
            }
            stop.set(true);
            for (Future<Void> each : running) {
                each.get();
            }
        }
    }

    private static long value(long key, long round) {
        return key << ROUND_BITS | round;
    }

    private static void putAll(ForkableLongMap map, long round) {
        for (long key = 0; key < ALWAYS_THERE; key++) {
            map.put(key, value(key, round));
        }
    }

    /** Puts, removes and puts again, so that slots, buckets and pages are used again all the time. */
    private Void churn() {
        SplittableRandom random = new SplittableRandom(1);
        try (Accessor accessor = space.accessor()) {
            ForkableLongMap mine = map.with(accessor);
            for (long round = 1; !stop.get(); round++) {
                putAll(mine, round);
                for (int i = 0; i < COMING_AND_GOING; i++) {
                    long key = ALWAYS_THERE + random.nextInt(COMING_AND_GOING);
                    if (random.nextInt(5) < 3) {
                        mine.put(key, value(key, round));
                    } else {
                        mine.remove(key);
                    }
                }
            }
        }
        return null;
    }

    private Void read(boolean byAccessor) {
        SplittableRandom random = new SplittableRandom(2);
        long[] rounds = new long[ALWAYS_THERE + COMING_AND_GOING];
        try (Accessor accessor = space.accessor()) {
            ForkableLongMap mine = map.with(byAccessor ? accessor : (MemoryAccess) space);
            while (!stop.get()) {
                int key = random.nextInt(ALWAYS_THERE + (random.nextBoolean() ? COMING_AND_GOING : 0));
                long found = mine.getOrDefault(key, -1);
                if (found == -1) {
                    assertThat(key).as("a key that is there is missing").isGreaterThanOrEqualTo(ALWAYS_THERE);
                } else {
                    assertThat(found >>> ROUND_BITS).as("the value of another key").isEqualTo(key);
                    assertThat(found & (1L << ROUND_BITS) - 1).as("an older value").isGreaterThanOrEqualTo(rounds[key]);
                    rounds[key] = found & (1L << ROUND_BITS) - 1;
                }
            }
        }
        return null;
    }

    private Void fork() {
        while (!stop.get()) {
            try (AddressSpace fork = space.fork()) {
                ForkableLongMap forked = map.with(fork);
                forked.check();
                forked.put(-1, 1);
                forked.remove(3);
                forked.check();
            }
        }
        return null;
    }

    private Void countUp() {
        try (Accessor accessor = space.accessor()) {
            ForkableLongMap mine = map.with(accessor);
            for (long number = 1; !stop.get(); number++) {
                mine.put(number * 0x9E3779B97F4A7C15L, number);
                mine.put(0, number); // the same page of the header, but another bucket
            }
        }
        return null;
    }

    private Void forkPrefixes() {
        while (!stop.get()) {
            try (AddressSpace fork = space.snapshot(); Accessor accessor = fork.accessor()) {
                ForkableLongMap forked = map.with(accessor);
                long last = forked.getOrDefault(0, 0);
                long size = forked.size() - (last > 0 ? 1 : 0);
                assertThat(size).isBetween(last, last + 1);
                for (long number = 1; number <= size; number++) {
                    assertThat(forked.getOrDefault(number * 0x9E3779B97F4A7C15L, -1)).isEqualTo(number);
                }
                assertThat(forked.containsKey((size + 1) * 0x9E3779B97F4A7C15L)).isFalse();
            }
        }
        return null;
    }
}
