package io.quire.memory.demo;

import io.quire.memory.Accessor;
import io.quire.memory.structure.ForkableMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Reads whole forks and compares them with what the writer knows. Then it overwrites some values of the fork. If such a
 * write leaked into the live map or another fork, the checksum there would be wrong.
 */
final class ForkReader {

    /** How many values are overwritten in each fork. */
    private static final int OVERWRITTEN = 16;

    private final AtomicInteger equal = new AtomicInteger();
    private final AtomicInteger different = new AtomicInteger();
    private final AtomicReference<@Nullable String> firstDifference = new AtomicReference<>();
    private final Checksum.EntryHash hash;
    private final LoadedMap loaded;
    private final ExpectedMap expected;
    private final ForkKeeper forks;
    private final RunControl control;

    /** Makes a reader, which any number of threads may {@link #run}. */
    ForkReader(Checksum.EntryHash hash, LoadedMap loaded, ForkKeeper forks, RunControl control) {
        this.hash = hash;
        this.loaded = loaded;
        expected = loaded.expected();
        this.forks = forks;
        this.control = control;
    }

    /** Works until the keeper has no more forks, or until something fails. */
    void run(RandomGenerator random) throws InterruptedException {
        LiveFork fork;
        while (!control.hasFailed() && (fork = forks.nextToCheck()) != null) {
            try (Accessor past = fork.space().accessor()) {
                ForkableMap map = loaded.in(past);
                compare("fork " + fork.number(), map, fork.candidates());
                overwriteSome(map, random);
            } finally {
                forks.doneWith(fork);
            }
        }
    }

    /** Reads a whole map. Ends the run if the map is none of the candidates. */
    void compare(String name, ForkableMap map, CandidateStates candidates) {
        Checksum found = new Checksum(hash);
        map.forEach(found::add);
        boolean isComplete = found.entries() == expected.entries() && map.size() == expected.entries()
                && map.valueBytes() == expected.valueBytes();
        if (isComplete && candidates.include(found)) {
            equal.incrementAndGet();
        } else {
            different.incrementAndGet();
            firstDifference.compareAndSet(null, name + " is not the map it was taken of: entries found: "
                    + found.entries() + ", expected: " + expected.entries() + "; " + candidates.explain(found));
            control.stop();
        }
    }

    private void overwriteSome(ForkableMap map, RandomGenerator random) {
        for (int i = 0; i < OVERWRITTEN; i++) {
            byte[] key = expected.key(random.nextInt(expected.entries()));
            byte[] value = map.get(key);
            if (value != null) {
                map.put(key, new byte[value.length]);
            }
        }
    }

    /** Returns how many maps were compared so far. For any thread. */
    int compared() {
        return equal.get() + different.get();
    }

    /** Returns how many of them were right. For any thread. */
    int equal() {
        return equal.get();
    }

    /** Returns how many of them were wrong. For any thread. */
    int different() {
        return different.get();
    }

    /** Describes the first map that was wrong; null if all were right. */
    @Nullable String firstDifference() {
        return firstDifference.get();
    }
}
