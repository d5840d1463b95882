package io.quire.memory.transfer;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Mapping;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.contract.AddressInUseException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import java.util.List;
import java.util.SplittableRandom;

/** Random changes of one space at addresses of a few MiB, on both sides of the borders of leaves and directories. */
final class TransferHistory {

    private static final long LEAF = 64L * Image.PAGE;

    /** Across the end of the first directory of leaves, which lies at 16 MiB. */
    private static final long LOWEST = (16L << 20) - 3 * LEAF;
    private static final int PAGES = 400;

    private final MemoryManager manager;
    private final SplittableRandom random;

    TransferHistory(MemoryManager manager, SplittableRandom random) {
        this.manager = manager;
        this.random = random;
    }

    /** Makes some changes. */
    void play(AddressSpace space, int steps) {
        for (int i = 0; i < steps; i++) {
            try {
                step(space);
            } catch (ProtectionException | AddressInUseException refused) {
                // the next step may be allowed
            }
        }
    }

    private void step(AddressSpace space) {
        List<Mapping> mappings = space.mappings();
        if (mappings.isEmpty() || random.nextInt(12) == 0) {
            space.mapAt(LOWEST + (long) random.nextInt(PAGES) * Image.PAGE, size(PAGES / 4));
            return;
        }
        Mapping mapping = mappings.get(random.nextInt(mappings.size()));
        int pages = (int) (mapping.sizeBytes() / Image.PAGE);
        int first = random.nextInt(pages);
        long address = mapping.address() + (long) first * Image.PAGE;
        long size = size(Math.min(pages - first, 20));
        switch (random.nextInt(16)) {
            case 0 -> space.discard(address, size);
            case 1 -> space.unmap(address, size);
            case 2 -> space.protect(address, size, Protection.values()[random.nextInt(3)]);
            case 3 -> space.protect(mapping.address(), mapping.sizeBytes(), Protection.READ_WRITE);
            case 4 -> space.migrate(address, size, pool());
            case 5 -> space.pin(address, size, PinTerm.SHORT, PinAccess.READ).close();
            case 6 -> manager.reclaim(1 + random.nextInt(10));
            case 7 -> writeByAccessor(space, address, size);
            default -> space.setLong(address + 8L * random.nextInt(Image.PAGE / 8), random.nextInt(3));
        }
    }

    private void writeByAccessor(AddressSpace space, long address, long size) {
        try (Accessor accessor = space.accessor()) {
            accessor.fill(address, size, (byte) random.nextInt(3));
        }
    }

    private long size(int pagesMax) {
        return (1L + random.nextInt(pagesMax)) * Image.PAGE;
    }

    private MemoryPool pool() {
        List<MemoryPool> pools = manager.pools();
        return pools.get(random.nextInt(pools.size()));
    }
}
