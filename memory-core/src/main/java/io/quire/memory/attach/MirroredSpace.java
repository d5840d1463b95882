package io.quire.memory.attach;

import io.quire.memory.contract.PageState;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.table.PageTable;
import io.quire.memory.trace.EventCounts;
import org.jspecify.annotations.Nullable;

/**
 * A space as its mirrors see it. The classes of faults and migrations are in packages above this one, so a space that
 * is opened says here how a page is found and brought home.
 */
public interface MirroredSpace {

    PageTable table();

    Notifier notifier();

    Exclusives exclusives();

    /** Returns a number that no mirror of the manager has had. */
    long newMirrorId();

    /**
     * Finds a page for a device, and gives the device the access that it needs. Under the lock of the table.
     *
     * @return null if the page has to come home first, or is on its way: call {@link #bringHome} and ask again
     */
    @Nullable PageTranslation resolve(Mirror mirror, long page, DeviceAccess access);

    /**
     * Brings a page within reach, or waits for another thread that does. The caller holds no lock.
     *
     * @param device the device that may keep the page in its own memory; null if the page has to be where all reach it
     */
    void bringHome(long page, @Nullable ManagedDevice device);

    /** Returns the state of the page of an address. */
    PageState stateOf(long address);

    /** The counters of the manager. */
    EventCounts events();
}
