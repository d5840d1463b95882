package io.quire.memory.stress;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.device.DeviceMirror;

/**
 * What one iteration works on where pages move: a space with two written pages, to which a device is attached that has
 * a pool of its own. The manager is shared by all iterations; each closes its spaces.
 */
final class TierStage {

    private static final StressDevice DEVICE = new StressDevice(1 << 14);

    /** An iteration takes a few frames, and some ten thousand are prepared at a time. */
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
    void moveThereAndBack() {
        moveThere();
        moveBack();
    }

    /** Moves the first page to the device. */
    void moveThere() {
        space.migrate(page, Stage.PAGE_BYTES, pool());
    }

    /** Moves the first page to the host, as an eviction does that has chosen it. */
    void moveBack() {
        space.migrate(page, Stage.PAGE_BYTES, MEMORY.hostPool());
    }

    private static MemoryPool pool() {
        return MEMORY.pool("device");
    }

    /** A space of one page, where each has its first, that begins with a value. */
    static AddressSpace newSpace(long value) {
        AddressSpace other = MEMORY.newAddressSpace();
        other.setLong(other.map(Stage.PAGE_BYTES), value);
        return other;
    }

    /** Lets the device work on the space. */
    Attachment attach() {
        return MEMORY.device("device").attach(space);
    }

    /** The actor as the device's thread: stores a word. */
    static void store(DeviceMirror mirror, long address, long value) {
        DEVICE.store(mirror, address, value);
    }

    /** The actor as the device's thread: adds to a word that nobody else can reach meanwhile. */
    static void add(DeviceMirror mirror, long address, long more) {
        DEVICE.add(mirror, address, more);
    }
}
