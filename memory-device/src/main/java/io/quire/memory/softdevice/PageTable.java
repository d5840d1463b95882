package io.quire.memory.softdevice;

import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The page table of a {@link JavaDevice} for one space. Guarded by the lock of the device. */
final class PageTable {

    final long mirror;

    /** The sequence of the last invalidation. */
    long sequence;

    /** The invalidations that have not ended. */
    private final List<Invalidation> windows = new ArrayList<>();

    private final TreeMap<Long, Slot> slots = new TreeMap<>();

    /** One translation. */
    static final class Slot {

        final long address;
        final int frame;
        final int generation;
        final MemorySegment memory;
        final DeviceAccess access;
        boolean accessed;

        /**
         * @param frame the frame of the device; -1 for other memory
         * @param generation the generation of the frame when this was made
         * @param memory the page itself
         */
        Slot(long address, int frame, int generation, MemorySegment memory, DeviceAccess access) {
            this.address = address;
            this.frame = frame;
            this.generation = generation;
            this.memory = memory;
            this.access = access;
        }

        /**
         * Returns true if this translation allows the access. An exclusive page does not allow a plain write: as in the
         * kernel, it has to become an ordinary page first.
         */
        boolean suffices(DeviceAccess needed) {
            return needed == DeviceAccess.READ || access == needed;
        }
    }

    PageTable(long mirror) {
        this.mirror = mirror;
    }

    @Nullable Slot find(long address) {
        return slots.get(address & -SoftwareDevice.PAGE_BYTES);
    }

    void put(Slot slot) {
        slots.put(slot.address, slot);
    }

    /**
     * Begins an invalidation: erases its range and opens its window, until {@link #end}. If this throws an Error, the
     * invalidation has not begun.
     */
    void begin(Invalidation invalidation) {
        slots.subMap(invalidation.start(), invalidation.end()).clear();
        windows.add(invalidation);
        sequence = invalidation.sequence();
    }

    /** Ends an invalidation. Returns false if no invalidation with its sequence has begun. Allocates nothing. */
    boolean end(Invalidation invalidation) {
        for (int i = 0; i < windows.size(); i++) {
            if (windows.get(i).sequence() == invalidation.sequence()) {
                windows.remove(i);
                return true;
            }
        }
        return false;
    }

    /**
     * Returns true if a part of the range is being changed. A migration does not count: its pages keep their content
     * and may be read.
     */
    boolean isChanging(long start, long end) {
        return windows.stream().anyMatch(window -> window.kind() != InvalidationKind.MIGRATE
                && window.start() < end && start < window.end());
    }

    /** Returns the translations in ascending order of addresses. */
    Collection<Slot> slots() {
        return slots.values();
    }
}
