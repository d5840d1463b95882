package io.quire.memory.stress;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.device.DeviceMirror;

/**
 * What one iteration works on if pages move: a space with two written pages, and a device that has a pool and can be
 * attached. All iterations share the manager, and each closes its spaces.
 */
final class TierStage {

    private static final StressDevice DEVICE = new StressDevice(1 << 14);

    /** Large enough for the iterations that are prepared at a time: some ten thousand, with a few frames each. */
    private static final MemoryManager MEMORY = MemoryManager.builder().hostPool(512L << 20).maxSpaces(1 << 18)
            .device("device", DEVICE).watermarks(0, 0).build();

    final AddressSpace space = MEMORY.newAddressSpace();
    final long page = space.map(2 * Stage.PAGE_BYTES);
    final long nextPage = page + Stage.PAGE_BYTES;

    private final Meeting meeting = new Meeting();

    TierStage() {
        space.setLong(page, Stage.OLD);
        space.setLong(nextPage, Stage.OLD);
    }

    /** Waits for the other actor. */
    void meet() {
        meeting.meet();
    }

    /** Moves the first page to the device and back to the host. */
    void moveToDeviceAndBack() {
        moveToDevice();
        moveToHost();
    }

    /** Moves the first page to the device. */
    void moveToDevice() {
        space.migrate(page, Stage.PAGE_BYTES, pool());
    }

    /** Moves the first page to the host, as an eviction does. */
    void moveToHost() {
        space.migrate(page, Stage.PAGE_BYTES, MEMORY.hostPool());
    }

    private static MemoryPool pool() {
        return MEMORY.pool("device");
    }

    /** Opens a space of one page that begins with a value, at the address where all spaces map their first range. */
    static AddressSpace newSpace(long value) {
        AddressSpace other = MEMORY.newAddressSpace();
        other.setLong(other.map(Stage.PAGE_BYTES), value);
        return other;
    }

    /** Lets the device work on the space. */
    Attachment attach() {
        return MEMORY.device("device").attach(space);
    }

    /** Stores a word. The actor is the device's thread. */
    static void store(DeviceMirror mirror, long address, long value) {
        DEVICE.store(mirror, address, value);
    }

    /** Adds to a word, with exclusive access. The actor is the device's thread. */
    static void add(DeviceMirror mirror, long address, long more) {
        DEVICE.add(mirror, address, more);
    }
}
