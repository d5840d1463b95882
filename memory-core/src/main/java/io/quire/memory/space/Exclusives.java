package io.quire.memory.space;

import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one space that only a device may access. The frame stays where it is; what changes is the entry, which
 * the processor cannot use until the device has been told and the entry is restored. Everything under the lock of the
 * space.
 */
final class Exclusives {

    private final Space space;

    /** By page; made when there is one, so that a fork need not. */
    private @Nullable Long2ObjectHashMap<Mirror> owners;

    Exclusives(Space space) {
        this.space = space;
    }

    /** The device that has a page, or null. */
    @Nullable Mirror ownerOf(long page) {
        return owners == null ? null : owners.get(page);
    }

    /**
     * Gives a page to a device; what it was before does not matter.
     *
     * @return the offset of its frame, or {@link PageFaults#AWAY}
     * @throws PagesBusyException if it is pinned
     */
    long take(long page, Mirror mirror) {
        if (mirror.equals(ownerOf(page))) {
            space.table().permissions().checkWritable(page);
            mirror.mapped(DeviceAccess.ATOMIC);
            return Entry.offset(space.table().entry(page));
        }
        long frame = space.faults().write(page, space.machine().pools());
        if (frame == PageFaults.AWAY) {
            return frame;
        }
        space.pins().endIdleViews();
        refusePinned(page, frame);
        reserve();
        try (Notifier.Window _ = space.notifier().start(InvalidationKind.EXCLUSIVE, page, page + Geometry.PAGE_BYTES,
                mirror.link(), true)) {
            long[] leaf = space.table().ownLeaf(page);
            put(page, mirror);
            boolean taken = false;
            try {
                Leaf.set(leaf, Geometry.pageIndex(page), Entry.exclusive(Leaf.entry(leaf, Geometry.pageIndex(page))));
                space.table().invalidateAndWait(page);
                // Again: until the writers were waited for, an accessor could pin without the lock.
                refusePinned(page, frame);
                taken = true;
            } finally {
                if (!taken) {
                    restore(page);
                }
            }
        }
        mirror.mapped(DeviceAccess.ATOMIC);
        return frame;
    }

    private void refusePinned(long page, long frame) {
        PinRecord pin = space.pins().find(page, frame);
        if (pin != null) {
            throw new PagesBusyException("a pinned page cannot be exclusive to a device: space=" + space.name()
                    + ", address=0x" + Long.toHexString(page) + ", held by " + pin + "; close the pin first");
        }
        if (space.table().kept().isBeingWritten(page)) {
            throw new PagesBusyException("a range that is being written cannot be exclusive to a device: space="
                    + space.name() + ", address=0x" + Long.toHexString(page) + "; ask again when it is written");
        }
    }

    /** Makes room for one more. A map of Agrona that finds no memory when it grows by itself fills up, and spins. */
    private void reserve() {
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
    void dissolve(long page) {
        try (Notifier.Window _ = space.notifier().start(InvalidationKind.CLEAR, page)) {
            restore(page);
        }
    }

    private void restore(long page) {
        long[] leaf = space.table().ownLeaf(page);
        int index = Geometry.pageIndex(page);
        Leaf.set(leaf, index, Entry.inclusive(Leaf.entry(leaf, index)));
        remove(page);
    }

    /** Gives all pages back to the processor; the caller has told the devices. */
    void restoreAll() {
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
    void forget(long from, long to) {
        for (long page : pages()) {
            if (from <= page && page < to) {
                remove(page);
            }
        }
    }

    long[] pages() {
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
