package io.quire.memory.softdevice;

import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The events and counters of a {@link JavaDevice}. Guarded by the lock of the device. */
final class Journal {

    /** Never grows: a deque that runs out of memory while it grows loses its events. */
    private final ArrayDeque<DeviceEvent> events = new ArrayDeque<>(SoftwareDevice.EVENTS + 1);
    private final long[] counts = new long[DeviceCounters.WORDS];
    private long last;

    /** Adds one to a counter, which is an index of {@link DeviceCounters}. */
    void count(int counter) {
        counts[counter]++;
    }

    void uncount(int counter) {
        counts[counter]--;
    }

    void mirror(DeviceEvent.Type type, long mirror) {
        add(type, mirror, 0, 0, 0, null, null, 0, -1);
    }

    void frame(DeviceEvent.Type type, int frame) {
        add(type, 0, 0, 0, 0, null, null, 0, frame);
    }

    void invalidation(DeviceEvent.Type type, long mirror, Invalidation invalidation) {
        add(type, mirror, invalidation.start(), invalidation.end(), invalidation.sequence(), invalidation.kind(), null,
                invalidation.owner(), -1);
    }

    void fault(long mirror, long start, int pages, long sequence, DeviceAccess access) {
        add(DeviceEvent.Type.FAULT, mirror, start, end(start, pages), sequence, null, access, 0, -1);
    }

    void outdated(long mirror, long sequence) {
        add(DeviceEvent.Type.OUTDATED, mirror, 0, 0, sequence, null, null, 0, -1);
    }

    void mapped(long mirror, long start, int pages, long sequence) {
        add(DeviceEvent.Type.MAPPED, mirror, start, end(start, pages), sequence, null, null, 0, -1);
    }

    List<DeviceEvent> events() {
        return List.copyOf(events);
    }

    DeviceCounters counters() {
        return DeviceCounters.of(counts);
    }

    private static long end(long start, int pages) {
        return start + (long) pages * SoftwareDevice.PAGE_BYTES;
    }

    /**
     * Adds an event. If there is no memory for it, the event is left out and its number is missing, because what it
     * reports has already happened.
     */
    private void add(DeviceEvent.Type type, long mirror, long start, long end, long sequence,
            @Nullable InvalidationKind kind, @Nullable DeviceAccess access, int owner, int frame) {
        last++;
        try {
            events.addLast(new DeviceEvent(last, type, mirror, start, end, sequence, kind, access, owner, frame));
        } catch (OutOfMemoryError leftOut) {
            return;
        }
        if (events.size() > SoftwareDevice.EVENTS) {
            events.removeFirst();
        }
    }
}
