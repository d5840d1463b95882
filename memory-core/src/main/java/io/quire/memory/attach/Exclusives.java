package io.quire.memory.attach;

import io.quire.memory.device.InvalidationKind;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.PageTable;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one space that only a device may access. The frame stays where it is; what changes is the entry, which
 * the processor cannot use until the device has been told and the entry is restored. Everything under the lock of the
 * space.
 */
public final class Exclusives {

    private final PageTable table;
    private final Notifier notifier;

    /** By page; made when there is one, so that a fork need not. */
    private @Nullable Long2ObjectHashMap<Mirror> owners;

    /** Of the space with a table, whose devices a notifier tells. */
    public Exclusives(PageTable table, Notifier notifier) {
        this.table = table;
        this.notifier = notifier;
    }

    /** The device that has a page, or null. */
    public @Nullable Mirror ownerOf(long page) {
        return owners == null ? null : owners.get(page);
    }

    /**
     * Gives a page to a device: from here on only the device may access it. The caller has told the other devices, has
     * {@linkplain #reserve reserved} room, and invalidates the page.
     *
     * @param leaf of the page, the space's own
     */
    public void give(long[] leaf, long page, Mirror mirror) {
        put(page, mirror);
        Leaf.set(leaf, Geometry.pageIndex(page), Entry.exclusive(Leaf.entry(leaf, Geometry.pageIndex(page))));
    }

    /** Makes room for one more. A map of Agrona that finds no memory when it grows by itself fills up, and spins. */
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

    /** Gives a page back to the processor; the caller has told the device, or it was never given. */
    public void restore(long page) {
        long[] leaf = table.ownLeaf(page);
        int index = Geometry.pageIndex(page);
        Leaf.set(leaf, index, Entry.inclusive(Leaf.entry(leaf, index)));
        remove(page);
    }

    /** Gives all pages back to the processor; the caller has told the devices. */
    public void restoreAll() {
        for (long page : pages()) {
            restore(page);
        }
    }

    /** Ends what a device has; the caller has told it, or need not any more. */
    void restoreAllOf(Mirror mirror) {
        for (long page : pages()) {
            if (mirror.equals(ownerOf(page))) {
                restore(page);
            }
        }
    }

    /** The pages between two addresses are taken out of the space. */
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
