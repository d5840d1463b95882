package io.quire.memory.misuse;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableMap;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** A space that is not misused. Its content must not change, whatever happens to other spaces. */
final class Neighbour {

    private static final int PAGES = 24;

    private final AddressSpace space;
    private final byte[] content = new byte[PAGES * 4096];
    private final long address;
    private final ForkableMap map;

    Neighbour(MemoryManager manager, long seed) {
        new Random(seed).nextBytes(content);
        space = manager.newAddressSpace("neighbour");
        address = space.map(content.length);
        space.copyFrom(content, 0, address, content.length);
        map = ForkableMap.create(space, 1 << 16);
        for (int i = 0; i < 20; i++) {
            map.put(new byte[] {(byte) i}, new byte[i * 10]);
        }
    }

    void check() {
        long differs = space.mismatch(address, MemorySegment.ofArray(content), 0, content.length);
        if (differs >= 0) {
            throw new IllegalStateException("content of a neighbour has changed: at=" + differs);
        }
        for (int i = 0; i < 20; i++) {
            byte[] value = map.get(new byte[] {(byte) i});
            if (value == null || value.length != i * 10) {
                throw new IllegalStateException("the map of a neighbour has changed: key=" + i);
            }
        }
        try (AddressSpace fork = space.fork()) {
            fork.setLong(address, 1);
        } catch (io.quire.memory.contract.OutOfFramesException
                | io.quire.memory.contract.TooManySpacesException full) {
            Thread.onSpinWait(); // other spaces have all frames
        }
    }

    void close() {
        space.close();
    }
}
