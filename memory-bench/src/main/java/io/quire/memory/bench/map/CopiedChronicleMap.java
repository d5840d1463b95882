package io.quire.memory.bench.map;

import net.openhft.chronicle.map.ChronicleMap;

/**
 * Chronicle Map, an off-heap hash table that processes can share. It has no snapshots, so all entries are put into a
 * second map.
 */
final class CopiedChronicleMap implements SnapshotMap {

    private final int entries;
    private final ChronicleMap<Long, byte[]> map;
    private final byte[] value = new byte[Values.VALUE_BYTES];

    CopiedChronicleMap(int entries) {
        this.entries = entries;
        map = ChronicleMap.of(Long.class, byte[].class).name("rival").entries(entries)
                .constantValueSizeBySample(value).create();
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
            sum += Values.sum(map.getUsing(key, value));
        }
        return sum;
    }

    @Override
    public MapView snapshot() {
        CopiedChronicleMap copy = new CopiedChronicleMap(entries);
        copy.map.putAll(map);
        return copy;
    }

    @Override
    public long offHeapBytes() {
        return map.offHeapMemoryUsed();
    }

    @Override
    public void close() {
        map.close();
    }
}
