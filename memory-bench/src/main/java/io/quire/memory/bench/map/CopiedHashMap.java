package io.quire.memory.bench.map;

import java.util.HashMap;

/** The plain map of the JDK, for one thread. A snapshot copies everything, including the values. */
final class CopiedHashMap implements SnapshotMap {

    private final HashMap<Long, byte[]> map;

    CopiedHashMap(int entries) {
        map = HashMap.newHashMap(entries);
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
        CopiedHashMap copy = new CopiedHashMap(map.size());
        map.forEach((key, value) -> copy.map.put(key, Values.copy(value)));
        return copy;
    }
}
