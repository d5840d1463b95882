package io.quire.memory.bench.map;

import io.quire.memory.bench.fixture.Xorshift;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A map with all its entries, and the keys of the next thousand operations, any of its own. */
@State(Scope.Thread)
public class FilledMap {

    /** As many writes as OpenTripPlanner measures after each snapshot. */
    static final int BATCH = 1000;

    /** Odd, so that every number gives another key, and far from its neighbours'. */
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    @Param
    public MapKind kind;

    /** A multiple of {@value #BATCH}. */
    @Param("500000")
    public int entries;

    private final long[] keys = new long[BATCH];

    private SnapshotMap map;
    private long random = Xorshift.SEED;
    private long word;

    /** What {@link #open()} does for JMH. */
    static FilledMap of(MapKind kind, int entries) {
        FilledMap filled = new FilledMap();
        filled.kind = kind;
        filled.entries = entries;
        filled.open();
        return filled;
    }

    @Setup(Level.Trial)
    public void open() {
        map = kind.newMap(entries);
        for (int first = 0; first < entries; first += BATCH) {
            for (int i = 0; i < BATCH; i++) {
                keys[i] = key(first + i);
            }
            put();
        }
        chooseKeys();
    }

    @TearDown(Level.Trial)
    public void close() {
        map.close();
    }

    static long key(int number) {
        return number * SPREAD;
    }

    SnapshotMap map() {
        return map;
    }

    /** Those of the next batch. */
    long[] keys() {
        return keys;
    }

    /** Makes them a random choice. */
    void chooseKeys() {
        for (int i = 0; i < BATCH; i++) {
            random = Xorshift.next(random);
            keys[i] = key((int) ((random >>> 33) % entries));
        }
    }

    /** Puts a new value for each of the keys. */
    void put() {
        map.put(keys, ++word);
    }
}
