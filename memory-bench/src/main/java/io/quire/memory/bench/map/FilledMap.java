package io.quire.memory.bench.map;

import io.quire.memory.bench.fixture.Xorshift;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A map with all its entries, and the keys for the next thousand operations. All these keys are in the map. */
@State(Scope.Thread)
public class FilledMap {

    /** Operations in a batch. OpenTripPlanner measures as many writes after each snapshot. */
    static final int BATCH = 1000;

    /**
     * Spreads the keys. It is odd, so every number gives a different key; neighbouring numbers give keys that are far
     * apart.
     */
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    @Param
    public MapKind kind;

    /** How many entries the map has, a multiple of {@value #BATCH}. */
    @Param("500000")
    public int entries;

    private final long[] keys = new long[BATCH];

    private SnapshotMap map;
    private long random = Xorshift.SEED;
    private long word;

    /** Does for the tour what {@link #open()} does for JMH. */
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

    /** Returns the keys of the next batch. */
    long[] keys() {
        return keys;
    }

    /** Chooses random keys for the next batch. */
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
