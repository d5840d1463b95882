package io.quire.memory.bench.map;

/** A map, or a snapshot of one, whose entries can be read. For one thread. */
interface MapView extends AutoCloseable {

    /**
     * Reads the values of keys. All keys must be present.
     *
     * @return the sum of all words of all values
     */
    long read(long[] keys);

    /** Returns how many bytes this has outside the heap and shares with no other view. */
    default long offHeapBytes() {
        return 0;
    }

    @Override
    default void close() {
    }
}
