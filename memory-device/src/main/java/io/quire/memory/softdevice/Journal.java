package io.quire.memory.softdevice;

import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.Invalidation;
import java.util.ArrayDeque;
import java.util.List;

/** What a {@link JavaDevice} remembers and counts. Guarded by the lock of the device. */
final class Journal {

    private final ArrayDeque<DeviceEvent> events = new ArrayDeque<>();
    private final long[] counts = new long[DeviceCounters.WORDS];
    private long last;

    /** One of the places in {@link DeviceCounters}. */
    void count(int counter) {
        counts[counter]++;
    }

    void uncount(int counter) {
        counts[counter]--;
    }

    void mirror(DeviceEvent.Type type, long mirror) {
        add(DeviceEvent.plain(last + 1, type, mirror));
    }

    void frame(DeviceEvent.Type type, int frame) {
        add(new DeviceEvent(last + 1, type, 0, 0, 0, 0, null, null, 0, frame));
    }

    void invalidation(DeviceEvent.Type type, long mirror, Invalidation invalidation) {
        add(new DeviceEvent(last + 1, type, mirror, invalidation.start(), invalidation.end(), invalidation.sequence(),
                invalidation.kind(), null, invalidation.owner(), -1));
    }

    void fault(long mirror, long start, int pages, long sequence, DeviceAccess access) {
        add(new DeviceEvent(last + 1, DeviceEvent.Type.FAULT, mirror, start, end(start, pages), sequence, null,
                access, 0, -1));
    }

    void outdated(long mirror, long sequence) {
        add(new DeviceEvent(last + 1, DeviceEvent.Type.OUTDATED, mirror, 0, 0, sequence, null, null, 0, -1));
    }

    void mapped(long mirror, long start, int pages, long sequence) {
        add(new DeviceEvent(last + 1, DeviceEvent.Type.MAPPED, mirror, start, end(start, pages), sequence, null,
                null, 0, -1));
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

    private void add(DeviceEvent event) {
        last++;
        events.addLast(event);
        if (events.size() > SoftwareDevice.EVENTS) {
            events.removeFirst();
        }
    }
}
