package io.quire.memory.bench.map;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.bench.fixture.MeasuredSpace;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.structure.ForkableMap;

/**
 * Our map: a {@link ForkableMap}. A snapshot is a snapshot of the whole space, with an accessor and the map opened
 * there.
 */
final class QuireMap implements SnapshotMap {

    /** Memory for each entry. The entries, the table and the smaller tables before it take less than 200 bytes. */
    private static final long BYTES_PER_ENTRY = 256;

    /** Room for copied pages. It is also more than an empty map needs. */
    private static final long COPIES_BYTES = 128L << 20;

    private final MemoryManager manager;
    private final AddressSpace space;
    private final Accessor accessor;
    private final ForkableMap map;

    QuireMap(int entries) {
        long regionBytes = (entries * BYTES_PER_ENTRY + COPIES_BYTES) / Pages.PAGE_BYTES * Pages.PAGE_BYTES;
        manager = MemoryManager.builder().hostPool(regionBytes).build();
        space = manager.newAddressSpace();
        accessor = space.accessor();
        touch(regionBytes);
        map = ForkableMap.create(space, regionBytes).with(accessor);
    }

    /** Writes every frame of the pool once, so that no page fault of the operating system is measured. */
    private void touch(long poolBytes) {
        long address = space.map(poolBytes);
        for (long at = 0; at < poolBytes; at += Pages.PAGE_BYTES) {
            accessor.setLong(address + at, at);
        }
        space.unmap(address, poolBytes);
        settle();
    }

    @Override
    public void put(long[] keys, long word) {
        byte[] key = new byte[Values.KEY_BYTES];
        for (long each : keys) {
            Values.setKey(key, each);
            map.put(key, Values.of(word));
        }
    }

    @Override
    public long read(long[] keys) {
        return read(map, keys);
    }

    private static long read(ForkableMap map, long[] keys) {
        byte[] key = new byte[Values.KEY_BYTES];
        long sum = 0;
        for (long each : keys) {
            Values.setKey(key, each);
            sum += Values.sum(map.get(key));
        }
        return sum;
    }

    @Override
    public MapView snapshot() {
        AddressSpace copy = space.snapshot();
        Accessor reader = copy.accessor();
        return new Snapshot(copy, reader, ForkableMap.open(reader, map.address()));
    }

    @Override
    public void settle() {
        MeasuredSpace.reclaim(manager);
    }

    /** Counts all frames in use, including those of snapshots. */
    @Override
    public long offHeapBytes() {
        return manager.statistics().usedBytes();
    }

    @Override
    public void close() {
        accessor.close();
        space.close();
        manager.close();
    }

    private record Snapshot(AddressSpace space, Accessor accessor, ForkableMap map) implements MapView {

        @Override
        public long read(long[] keys) {
            return QuireMap.read(map, keys);
        }

        @Override
        public void close() {
            accessor.close();
            space.close();
        }
    }
}
