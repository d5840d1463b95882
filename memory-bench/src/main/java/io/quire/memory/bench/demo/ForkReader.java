package io.quire.memory.bench.demo;

import io.quire.memory.Accessor;
import io.quire.memory.structure.ForkableMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Reads forks as a whole and compares them with what the writer knows. Afterwards it overwrites some values
 * of the fork it has read: a write that showed up in the live map or in another fork would make the checksum
 * there wrong.
 */
final class ForkReader {

    /** How many values it overwrites in every fork. */
    private static final int OVERWRITTEN = 16;

    private final AtomicInteger equal = new AtomicInteger();
    private final AtomicInteger different = new AtomicInteger();
    private final AtomicReference<@Nullable String> firstDifference = new AtomicReference<>();
    private final Checksum.EntryHash hash;
    private final LoadedMap loaded;
    private final Ledger ledger;
    private final ForkKeeper forks;
    private final Course course;

    /** Any number of threads can {@link #run} one. */
    ForkReader(Checksum.EntryHash hash, LoadedMap loaded, ForkKeeper forks, Course course) {
        this.hash = hash;
        this.loaded = loaded;
        ledger = loaded.ledger();
        this.forks = forks;
        this.course = course;
    }

    /** Works until the keeper has no more forks, or something has failed. */
    void run(RandomGenerator random) throws InterruptedException {
        LiveFork fork;
        while (!course.hasFailed() && (fork = forks.nextToCheck()) != null) {
            try (Accessor past = fork.space().accessor()) {
                ForkableMap map = loaded.in(past);
                compare("fork " + fork.number(), map, fork.moments());
                overwriteSome(map, random);
            } finally {
                forks.doneWith(fork);
            }
        }
    }

    /** Reads all of a map. Ends the course if it is none of what it may be. */
    void compare(String name, ForkableMap map, Moments moments) {
        Checksum found = new Checksum(hash);
        map.forEach(found::add);
        boolean isComplete = found.entries() == ledger.entries() && map.size() == ledger.entries()
                && map.valueBytes() == ledger.valueBytes();
        if (isComplete && moments.include(found)) {
            equal.incrementAndGet();
        } else {
            different.incrementAndGet();
            firstDifference.compareAndSet(null, name + " is not the map it was taken of: entries found: "
                    + found.entries() + ", expected: " + ledger.entries() + "; " + moments.explain(found));
            course.stop();
        }
    }

    private void overwriteSome(ForkableMap map, RandomGenerator random) {
        for (int i = 0; i < OVERWRITTEN; i++) {
            byte[] key = ledger.key(random.nextInt(ledger.entries()));
            byte[] value = map.get(key);
            if (value != null) {
                map.put(key, new byte[value.length]);
            }
        }
    }

    /** Maps compared so far. Any thread. */
    int compared() {
        return equal.get() + different.get();
    }

    /** Those of them that were right. Any thread. */
    int equal() {
        return equal.get();
    }

    /** Those of them that were wrong. Any thread. */
    int different() {
        return different.get();
    }

    /** The first that was wrong; null if all were right. */
    @Nullable String firstDifference() {
        return firstDifference.get();
    }
}
