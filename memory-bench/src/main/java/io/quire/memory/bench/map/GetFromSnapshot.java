package io.quire.memory.bench.map;

import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.measure.Timed;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does it cost to read the 64 bytes of a random value, in the live map and in a snapshot?
 * <p>
 * Expected: the same in both, some 350 ns for ours. A get reads three words of the map, the slot, the entry's header
 * and its key, copies the value into a new array, and checks that the map has not changed: ten accesses, and two waits
 * for memory. A map on the heap only hands out a reference to an existing array: 150 ns, nearly all of it three waits
 * for memory. There we lose. A trie waits once or twice more: 250 ns. LMDB makes a call to C and compares keys in the
 * 19 steps of a binary search: 700 ns.
 * <p>
 * If a snapshot were slower than the live map, its pages would lie less favourably in memory.
 */
public class GetFromSnapshot extends JmhBenchmark {

    /** What is read. */
    public enum From {

        LIVE, SNAPSHOT
    }

    @Param
    public From from;

    private MapView snapshot;
    private MapView read;

    /** Takes a snapshot, and makes the live map differ from it. */
    @Setup(Level.Trial)
    public void open(FilledMap filled) {
        snapshot = filled.map().snapshot();
        read = from == From.SNAPSHOT ? snapshot : filled.map();
        filled.put();
    }

    @TearDown(Level.Trial)
    public void close() {
        snapshot.close();
    }

    @Setup(Level.Invocation)
    public void chooseKeys(FilledMap filled) {
        filled.chooseKeys();
    }

    @Benchmark
    @OperationsPerInvocation(FilledMap.BATCH)
    public long get(FilledMap filled) {
        return read.read(filled.keys());
    }

    static GetFromSnapshot of(FilledMap filled, From from) {
        GetFromSnapshot get = new GetFromSnapshot();
        get.from = from;
        get.open(filled);
        return get;
    }

    /** The operation as the tour times it. */
    Timed timed(FilledMap filled) {
        return new Timed(() -> get(filled), FilledMap.BATCH, () -> chooseKeys(filled), () -> {});
    }
}
