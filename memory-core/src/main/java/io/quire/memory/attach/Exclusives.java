package io.quire.memory.attach;

import io.quire.memory.device.InvalidationKind;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.PageTable;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one space that only a device may access. The frame stays where it is. The entry changes: the processor
 * cannot use it until the device has been told and the entry is restored. Under the lock of the space.
 */
public final class Exclusives {

    private final PageTable table;
    private final Notifier notifier;

    /** By page. Made for the first exclusive page, so that a fork need not make it. */
    private @Nullable Long2ObjectHashMap<Mirror> owners;

    /** Creates the record of one space, whose devices the notifier tells. */
    public Exclusives(PageTable table, Notifier notifier) {
        this.table = table;
        this.notifier = notifier;
    }

    /** The mirror of the device that has a page; null if no device has it. */
    public @Nullable Mirror ownerOf(long page) {
        return owners == null ? null : owners.get(page);
    }

    /**
     * Gives a page to a device: from now on only the device may access it. The caller has told the other devices and
     * {@linkplain #reserve reserved} room, and invalidates the page afterwards.
     *
     * @param leaf of the page, the space's own
     */
    public void give(long[] leaf, long page, Mirror mirror) {
        put(page, mirror);
        Leaf.set(leaf, Geometry.pageIndex(page), Entry.exclusive(Leaf.entry(leaf, Geometry.pageIndex(page))));
    }

    /** Makes room for one more. If a map of Agrona cannot grow by itself for lack of memory, it fills up and spins. */
    public void reserve() {
        Long2ObjectHashMap<Mirror> known = owners;
        if (known == null) {
            owners = new Long2ObjectHashMap<>();
        } else if (known.size() >= known.resizeThreshold()) {
            Long2ObjectHashMap<Mirror> larger = new Long2ObjectHashMap<>(2 * known.capacity(), known.loadFactor());
            larger.putAll(known);
            owners = larger;
        }
    }

    private void put(long page, Mirror mirror) {
        if (owners != null) {
            owners.put(page, mirror);
        }
    }

    private void remove(long page) {
        if (owners != null) {
            owners.remove(page);
        }
    }

    /** Tells the device that it has lost a page, and gives the processor the original entry back. */
    public void dissolve(long page) {
        try (Notifier.Window _ = notifier.start(InvalidationKind.CLEAR, page)) {
            restore(page);
        }
    }

    /** Gives a page back to the processor. The caller has told the device, or the device never had the page. */
    public void restore(long page) {
        long[] leaf = table.ownLeaf(page);
        int index = Geometry.pageIndex(page);
        Leaf.set(leaf, index, Entry.inclusive(Leaf.entry(leaf, index)));
        remove(page);
    }

    /** Gives all pages back to the processor. The caller has told the devices. */
    public void restoreAll() {
        for (long page : pages()) {
            restore(page);
        }
    }

    /** Gives all pages of a device back to the processor. The caller has told the device, unless it is lost. */
    void restoreAllOf(Mirror mirror) {
        for (long page : pages()) {
            if (mirror.equals(ownerOf(page))) {
                restore(page);
            }
        }
    }

    /** Forgets the pages between two addresses, which are taken out of the space. */
    public void forget(long from, long to) {
        for (long page : pages()) {
            if (from <= page && page < to) {
                remove(page);
            }
        }
    }

    public long[] pages() {
        return owners == null || owners.isEmpty() ? new long[0]
                : owners.keySet().stream().mapToLong(Long::longValue).toArray();
    }

    /** How many pages a device has. */
    int count(Mirror mirror) {
        int count = 0;
        for (long page : pages()) {
            count += mirror.equals(ownerOf(page)) ? 1 : 0;
        }
        return count;
    }
}
