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
 * What does it cost to read the value of a random key, all 64 bytes of it, in the live map and in a snapshot?
 * <p>
 * Expected: the same in both, some 350 ns for ours. A get reads three words of the map, the slot, the
 * entry's header and its key, copies the value into a new array, and looks whether the map is still the same:
 * ten accesses, and two waits for memory. A map on the heap hands out a reference to an array that is there:
 * 150 ns, nearly all of it three waits for memory, and we lose; a trie waits once or twice more: 250 ns. LMDB
 * makes a call of C and compares keys along 19 steps of a search: 700 ns.
 * <p>
 * A snapshot slower than the live map would mean that its pages lie worse.
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
