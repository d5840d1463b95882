package io.quire.memory.bench.map;

import scala.collection.immutable.HashMap;

/**
 * Scala's persistent map, a compressed hash-array mapped prefix tree (CHAMP). A snapshot is the root. For one writer.
 */
final class ScalaHashMap implements SnapshotMap {

    private HashMap<Long, byte[]> map;

    ScalaHashMap(HashMap<Long, byte[]> map) {
        this.map = map;
    }

    @Override
    public void put(long[] keys, long word) {
        for (long key : keys) {
            map = map.updated(key, Values.of(word));
        }
    }

    @Override
    public long read(long[] keys) {
        HashMap<Long, byte[]> root = map;
        long sum = 0;
        for (long key : keys) {
            sum += Values.sum(root.apply(key));
        }
        return sum;
    }

    @Override
    public MapView snapshot() {
        return new ScalaHashMap(map);
    }
}
