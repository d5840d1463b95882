package io.quire.memory.bench.map;

import scala.collection.concurrent.TrieMap;

/**
 * Scala's concurrent trie (Prokopec and others, 2012). A snapshot is a new root. From then on the map copies each node
 * before its first change.
 */
final class ScalaTrieMap implements SnapshotMap {

    private final TrieMap<Long, byte[]> map;

    ScalaTrieMap(TrieMap<Long, byte[]> map) {
        this.map = map;
    }

    @Override
    public void put(long[] keys, long word) {
        for (long key : keys) {
            map.update(key, Values.of(word));
        }
    }

    @Override
    public long read(long[] keys) {
        long sum = 0;
        for (long key : keys) {
            sum += Values.sum(map.apply(key));
        }
        return sum;
    }

    /** Takes a read-only snapshot, which is faster to read than a writable one. */
    @Override
    public MapView snapshot() {
        return new ScalaTrieMap((TrieMap<Long, byte[]>) map.readOnlySnapshot());
    }
}
