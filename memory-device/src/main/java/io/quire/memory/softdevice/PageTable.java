package io.quire.memory.softdevice;

import io.quire.memory.device.DeviceAccess;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a {@link JavaDevice} knows about one space. Guarded by the lock of the device. */
final class PageTable {

    /** Of the last invalidation. */
    long sequence;

    /** Invalidations that have not ended. */
    long open;

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

    @Nullable Slot find(long address) {
        return slots.get(address & -SoftwareDevice.PAGE_BYTES);
    }

    void put(Slot slot) {
        slots.put(slot.address, slot);
    }

    void erase(long start, long end) {
        slots.subMap(start, end).clear();
    }

    /** In ascending order of addresses. */
    Collection<Slot> slots() {
        return slots.values();
    }
}
