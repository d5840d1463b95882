package io.quire.memory.demo;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.structure.ForkableMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Updates values of the live map at full speed. It reads a random value, compares it with what is expected, changes it
 * and puts it back. It knows the checksum of the whole map after every update without a scan. Between two updates it
 * takes the forks that another thread asks for.
 */
final class Writer {

    /** How many puts after a fork are counted separately. */
    private static final int PUTS_AFTER_FORK = 64;

    /** A fork, and the only state that it may be a copy of. */
    record Taken(AddressSpace fork, CandidateStates candidates) {
    }

    private final AtomicReference<@Nullable CompletableFuture<Taken>> request = new AtomicReference<>();
    private final Latencies forks = new Latencies();
    private final Latencies putsAfterFork = new Latencies();
    private final Latencies otherPuts = new Latencies();
    private final RandomGenerator random;
    private final LoadedMap loaded;
    private final ExpectedMap expected;
    private final ChecksumHistory history;
    private final FirstWriteProbe probe;

    private int putsUntilOther;
    private long runNanos;
    private volatile long updates;
    private volatile boolean stopped;

    Writer(LoadedMap loaded, RandomGenerator random) {
        this.loaded = loaded;
        this.random = random;
        expected = loaded.expected();
        history = new ChecksumHistory(expected.checksum());
        probe = FirstWriteProbe.in(loaded.space());
    }

    /** Works until {@link #stop}. */
    void run() {
        try (Accessor live = loaded.space().accessor()) {
            ForkableMap map = loaded.in(live);
            long start = System.nanoTime();
            while (!stopped) {
                update(map, updates + 1);
                CompletableFuture<Taken> asked = request.get();
                if (asked != null) {
                    request.set(null);
                    asked.complete(fork(live));
                }
            }
            runNanos = System.nanoTime() - start;
        }
    }

    void stop() {
        stopped = true;
    }

    /** Asks for a fork between two updates. Only one thread may ask. */
    CompletableFuture<Taken> askForFork() {
        CompletableFuture<Taken> asked = new CompletableFuture<>();
        request.set(asked);
        return asked;
    }

    private void update(ForkableMap map, long number) {
        int index = random.nextInt(expected.entries());
        byte[] key = expected.key(index);
        byte[] value = map.get(key);
        if (value == null || Checksum.entryHash(key, value) != expected.hash(index)) {
            throw new IllegalStateException("the live map does not hold what was put last: found "
                    + (value == null ? "nothing" : "other bytes")
                    + " under " + new String(key, Loader.KEY_CHARSET));
        }
        UpdateNumber.set(value, number);
        if (value.length > UpdateNumber.BYTES) {
            value[random.nextInt(UpdateNumber.BYTES, value.length)]++;
        }
        long checksum = expected.replace(index, Checksum.entryHash(key, value));
        history.begin(number, checksum);
        Latencies latencies = putsUntilOther > 0 ? putsAfterFork : otherPuts;
        long start = System.nanoTime();
        map.put(key, value);
        latencies.addSince(start);
        history.end(number);
        putsUntilOther = Math.max(putsUntilOther - 1, 0);
        updates = number;
    }

    private Taken fork(Accessor live) {
        long start = System.nanoTime();
        AddressSpace fork = loaded.space().fork();
        forks.addSince(start);
        probe.run(live, updates);
        putsUntilOther = PUTS_AFTER_FORK;
        return new Taken(fork, CandidateStates.only(updates, expected.checksum()));
    }

    /** Returns the history, for the thread that forks while this one updates. */
    ChecksumHistory history() {
        return history;
    }

    /** Returns how many updates were made so far. For any thread. */
    long updates() {
        return updates;
    }

    /** Returns how long the writer worked. Valid after it has ended. */
    long runNanos() {
        return runNanos;
    }

    Latencies forks() {
        return forks;
    }

    Latencies putsAfterFork() {
        return putsAfterFork;
    }

    Latencies otherPuts() {
        return otherPuts;
    }

    FirstWriteProbe probe() {
        return probe;
    }
}
