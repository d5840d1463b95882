package io.quire.memory.soak;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryPool;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import java.util.List;

/**
 * Writes to pages that other churners write too, and takes such pages away: discards, protects and migrates them. Every
 * word of a page holds zero or the number of the page, in the root and in each snapshot; so a write that lands in a
 * frame of another page, or in a frame of a snapshot, is found.
 */
final class Churner implements Worker {

    private static final int PAGES = 96;
    private static final int WORDS = 8;
    private static final int WRITES = 200;
    private static final int PAGES_OF_RANGE = 3;

    private final Crowd.Base base;
    private final long churned;
    private final long[] range = new long[PAGES_OF_RANGE * ModelSpace.PAGE / Long.BYTES];

    /** Churns the pages at an address, which all churners of a crowd share. */
    Churner(Crowd.Base base, long churned) {
        this.base = base;
        this.churned = churned;
    }

    /** Maps the pages. */
    static long map(AddressSpace root) {
        return root.map((long) PAGES * ModelSpace.PAGE);
    }

    @Override
    public void turn() {
        AddressSpace root = base.crowd().root;
        int first = base.random().nextInt(PAGES);
        long address = address(first);
        long size = (1L + base.random().nextInt(PAGES - first)) * ModelSpace.PAGE;
        switch (base.random().nextInt(10)) {
            case 0, 1, 2 -> writeByAccessor(root);
            case 3, 4 -> write(root);
            case 5 -> writeRange(root);
            case 6 -> root.discard(address, size);
            case 7 -> protect(root, address, size);
            case 8 -> checkSnapshot(root);
            default -> migrate(root, address, size);
        }
    }

    private void writeByAccessor(AddressSpace root) {
        try (Accessor accessor = root.accessor()) {
            write(accessor);
        }
    }

    private void write(MemoryAccess access) {
        for (int i = 0; i < WRITES; i++) {
            int page = base.random().nextInt(PAGES);
            long address = address(page) + base.random().nextInt(WORDS) * (long) Long.BYTES;
            try {
                access.setLong(address, page + 1);
                check(access, page);
            } catch (ProtectionException goOn) {
                Thread.onSpinWait();
            }
        }
    }

    private void writeRange(AddressSpace root) {
        int first = base.random().nextInt(PAGES - PAGES_OF_RANGE);
        for (int i = 0; i < range.length; i++) {
            range[i] = first + 1L + i / (ModelSpace.PAGE / Long.BYTES);
        }
        root.copyFrom(range, 0, address(first), range.length);
        check(root, first);
    }

    private void protect(AddressSpace root, long address, long size) {
        try {
            root.protect(address, size, base.random().nextBoolean() ? Protection.NONE : Protection.READ_ONLY);
            base.pause();
        } finally {
            base.allow(address, size);
        }
    }

    private void checkSnapshot(AddressSpace root) {
        try (AddressSpace snapshot = root.snapshot()) {
            long[] before = new long[PAGES];
            for (int page = 0; page < PAGES; page++) {
                before[page] = check(snapshot, page);
            }
            for (int page = 0; page < PAGES; page++) {
                long now = check(snapshot, page);
                if (now != before[page]) {
                    throw new SoakFailure("a snapshot has changed: page=" + page + ", was=" + before[page] + ", is="
                            + now);
                }
            }
        }
    }

    /** Returns the sum of the words of a page; 0 if it may not be read now. */
    private long check(MemoryAccess access, int page) {
        long sum = 0;
        try {
            for (int word = 0; word < WORDS; word++) {
                long found = access.getLong(address(page) + word * (long) Long.BYTES);
                if (found != 0 && found != page + 1) {
                    throw new SoakFailure("a page has a foreign value: " + access + ", page=" + page + ", word=" + word
                            + ", is=0x" + Long.toHexString(found));
                }
                sum += found;
            }
            return sum;
        } catch (ProtectionException hidden) {
            return 0;
        }
    }

    private void migrate(AddressSpace root, long address, long size) {
        List<MemoryPool> pools = base.crowd().machine.manager.pools();
        root.migrate(address, size, pools.get(base.random().nextInt(pools.size())));
    }

    private long address(int page) {
        return churned + page * (long) ModelSpace.PAGE;
    }
}
