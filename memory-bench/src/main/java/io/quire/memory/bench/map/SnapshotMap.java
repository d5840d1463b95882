package io.quire.memory.bench.map;

/**
 * A map that is written while snapshots of it are read. Each kind has its own loops, so that the compiler sees only one
 * kind of map in each loop.
 */
interface SnapshotMap extends MapView {

    /** Gives each key a new value that is made of this word; see {@link Values}. */
    void put(long[] keys, long word);

    /** Returns a view of what the map has now. Later puts do not change it. */
    MapView snapshot();

    /** Finishes the work that closed snapshots left for later. */
    default void settle() {
    }
}
