package io.quire.memory.bench.map;

import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.measure.Timed;
import org.openjdk.jmh.annotations.Benchmark;

/**
 * What does it cost to take a snapshot of a map of 500,000 entries, to look up one, and to close it?
 * <p>
 * Expected: some 600 ns for ours at any size, of which the fork is 200 ns; the rest is an accessor, the objects
 * of the opened map, one lookup and the close. A persistent map hands out its root, which costs nothing but the
 * lookup, 20 ns in cache, and TrieMap replaces its root, 100 ns: we lose to both. LMDB takes a slot of its table
 * of readers and looks up, three calls of C: 500 to 900 ns. A copy on the heap makes a node of 32 bytes for each
 * entry and writes a table: 50 to 100 ns an entry with the collector's work, 25 to 50 ms; with the values three
 * times that.
 * <p>
 * A figure of ours that grows with the entries would mean that the snapshot walks something.
 */
public class TakeSnapshot extends JmhBenchmark {

    /** Of those that take less than reading the clock. */
    private static final int SNAPSHOTS = 64;

    private final long[] key = {FilledMap.key(0)};

    @Benchmark
    public long snapshot(FilledMap filled) {
        try (MapView snapshot = filled.map().snapshot()) {
            return snapshot.read(key);
        }
    }

    private long snapshots(FilledMap filled, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += snapshot(filled);
        }
        return sum;
    }

    /** The operation as the tour times it. */
    static Timed timed(FilledMap filled) {
        TakeSnapshot take = new TakeSnapshot();
        int count = filled.kind.copies() ? 1 : SNAPSHOTS;
        return new Timed(() -> take.snapshots(filled, count), count, () -> {}, filled.map()::settle);
    }
}
