package io.quire.memory.bench.map;

import io.vavr.collection.HashMap;

/** Vavr's persistent map, a hash-array mapped trie. A snapshot is the root. For one writer. */
final class VavrHashMap implements SnapshotMap {

    private HashMap<Long, byte[]> map;

    VavrHashMap(HashMap<Long, byte[]> map) {
        this.map = map;
    }

    @Override
    public void put(long[] keys, long word) {
        for (long key : keys) {
            map = map.put(key, Values.of(word));
        }
    }

    @Override
    public long read(long[] keys) {
        HashMap<Long, byte[]> root = map;
        long sum = 0;
        for (long key : keys) {
            sum += Values.sum(root.get(key).get());
        }
        return sum;
    }

    @Override
    public MapView snapshot() {
        return new VavrHashMap(map);
    }
}
