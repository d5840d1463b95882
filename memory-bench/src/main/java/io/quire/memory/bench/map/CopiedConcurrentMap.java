package io.quire.memory.bench.map;

import java.util.concurrent.ConcurrentHashMap;

/**
 * The concurrent map of the JDK. A snapshot is a copy that shares the values. That is enough as long as values are
 * replaced and never changed.
 */
final class CopiedConcurrentMap implements SnapshotMap {

    private final ConcurrentHashMap<Long, byte[]> map;

    CopiedConcurrentMap(ConcurrentHashMap<Long, byte[]> map) {
        this.map = map;
    }

    @Override
    public void put(long[] keys, long word) {
        for (long key : keys) {
            map.put(key, Values.of(word));
        }
    }

    @Override
    public long read(long[] keys) {
        long sum = 0;
        for (long key : keys) {
            sum += Values.sum(map.get(key));
        }
        return sum;
    }

    @Override
    public MapView snapshot() {
        return new CopiedConcurrentMap(new ConcurrentHashMap<>(map));
    }
}
