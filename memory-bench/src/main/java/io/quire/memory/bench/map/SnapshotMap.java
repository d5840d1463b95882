package io.quire.memory.bench.map;

/**
 * A map that goes on being written while snapshots of it are read. Each kind has its own loops, so that none
 * is compiled for what another one does.
 */
interface SnapshotMap extends MapView {

    /** Sets the value of each key: a new value with this word in it; see {@link Values}. */
    void put(long[] keys, long word);

    /** What the map holds now, whatever is put later, until the snapshot is closed. */
    MapView snapshot();

    /** Finishes what closed snapshots left for later. */
    default void settle() {
    }
}
