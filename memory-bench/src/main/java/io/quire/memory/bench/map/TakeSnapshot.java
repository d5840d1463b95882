package io.quire.memory.bench.map;

import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.measure.Timed;
import org.openjdk.jmh.annotations.Benchmark;

/**
 * What does it cost to take a snapshot of a map of 500,000 entries, look up one key in it, and close it?
 * <p>
 * Expected: some 600 ns for ours at any size, of which the fork is 200 ns; the rest is an accessor, the objects of the
 * opened map, one lookup and the close. A persistent map hands out its root, so only the lookup costs, 20 ns in cache;
 * TrieMap replaces its root, 100 ns. We lose to both. LMDB takes a slot in its table of readers and looks up the key,
 * three calls to C: 500 to 900 ns. A copy on the heap makes a node of 32 bytes for each entry and fills a table: 50 to
 * 100 ns an entry with the collector's work, 25 to 50 ms in all, and three times that with the values.
 * <p>
 * If our figure grew with the number of entries, the snapshot would walk something.
 */
public class TakeSnapshot extends JmhBenchmark {

    /** Snapshots in one sample of a map that does not copy: one of them may take less time than reading the clock. */
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

    /** Returns the operation as the tour times it. */
    static Timed timed(FilledMap filled) {
        TakeSnapshot take = new TakeSnapshot();
        int count = filled.kind.copies() ? 1 : SNAPSHOTS;
        return new Timed(() -> take.snapshots(filled, count), count, () -> {}, filled.map()::settle);
    }
}
