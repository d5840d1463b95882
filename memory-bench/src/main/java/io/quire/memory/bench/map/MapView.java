package io.quire.memory.bench.map;

/** Something with entries that can be read: a map, or a snapshot of one. For one thread. */
interface MapView extends AutoCloseable {

    /**
     * Reads the values of keys, all of which there are.
     *
     * @return the sum of all words of all values
     */
    long read(long[] keys);

    /** What this holds outside the heap and shares with no other view. */
    default long offHeapBytes() {
        return 0;
    }

    @Override
    default void close() {
    }
}
