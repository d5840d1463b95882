package io.quire.memory.attach;

import io.quire.memory.contract.PageState;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.table.PageTable;
import io.quire.memory.trace.EventCounts;
import org.jspecify.annotations.Nullable;

/**
 * A space as its mirrors see it: what they are told of, and what they ask for. Faults and migrations lie above this
 * package, so whoever opens a space says here how a page is found and brought home.
 */
public interface MirroredSpace {

    PageTable table();

    Notifier notifier();

    Exclusives exclusives();

    /** A number that no mirror of the manager has had. */
    long newMirrorId();

    /**
     * Finds where a page is for a device, and makes it what the device needs; under the lock of the table.
     *
     * @return null if the page has to come home first, or is on its way: {@link #bringHome} it and ask again
     */
    @Nullable PageTranslation resolve(Mirror mirror, long page, DeviceAccess access);

    /**
     * Brings a page within reach, or waits until somebody has; without locks.
     *
     * @param device that is to reach it in its own memory too; null if everybody is to reach it
     */
    void bringHome(long page, @Nullable ManagedDevice device);

    /** What the page of an address is. */
    PageState stateOf(long address);

    /** What is counted. */
    EventCounts events();
}
