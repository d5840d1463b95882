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

/** What a {@link JavaDevice} knows about one space. Guarded by the lock of the device. */
final class PageTable {

    final long mirror;

    /** Of the last invalidation. */
    long sequence;

    /** Invalidations that have not ended. */
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
         * @param frame of the device, or -1
         * @param generation of the frame when this was made
         * @param memory the page itself
         */
        Slot(long address, int frame, int generation, MemorySegment memory, DeviceAccess access) {
            this.address = address;
            this.frame = frame;
            this.generation = generation;
            this.memory = memory;
            this.access = access;
        }

        /** A page that is exclusive takes no plain write: as in the kernel, it has to become an ordinary page first. */
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

    /** Erases its range until {@link #end}. If an Error comes out of this, it has not begun. */
    void begin(Invalidation invalidation) {
        slots.subMap(invalidation.start(), invalidation.end()).clear();
        windows.add(invalidation);
        sequence = invalidation.sequence();
    }

    /** False if none with its sequence has begun. Takes no memory. */
    boolean end(Invalidation invalidation) {
        for (int i = 0; i < windows.size(); i++) {
            if (windows.get(i).sequence() == invalidation.sequence()) {
                windows.remove(i);
                return true;
            }
        }
        return false;
    }

    /** Whether a part of the range is being changed. What migrates stays as it is, and may be read. */
    boolean isChanging(long start, long end) {
        return windows.stream().anyMatch(window -> window.kind() != InvalidationKind.MIGRATE
                && window.start() < end && start < window.end());
    }

    /** In ascending order of addresses. */
    Collection<Slot> slots() {
        return slots.values();
    }
}
