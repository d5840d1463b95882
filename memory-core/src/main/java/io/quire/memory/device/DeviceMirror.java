package io.quire.memory.device;

import io.quire.memory.contract.PageState;
import java.util.List;

/**
 * One space as one device sees it: here the device asks for translations.
 * {@snippet file="io/quire/memory/snippets/DeviceSnippetsTest.java" region="fault"}
 * <p>
 * Any thread may call any method, with one exception: inside a call of the library to a driver {@link #fault} is
 * refused at once.
 *
 * @see io.quire.memory.Attachment#mirror
 * @see DeviceDriver#attached
 */
public interface DeviceMirror {

    /**
     * Returns the number of the mirror.
     *
     * @return a positive number; no two mirrors of a manager ever have the same
     */
    long id();

    /**
     * Returns the name of the space, for messages.
     *
     * @return the name, given or generated
     */
    String spaceName();

    /**
     * Returns translations of a run of pages, after the same faults that the processor would take.
     * <p>
     * A read maps what is there and copies nothing; a page that was never written maps the zero frame. A write gets the
     * space a page of its own. Private pages of other devices come to the host. Exclusive access to a page ends, unless
     * it is this device's and it asks for {@link DeviceAccess#ATOMIC} again.
     * <p>
     * One call answers the whole run. It may wait for the lock of the space, so call it <b>amid no access of the device
     * and with no lock that {@link DeviceDriver#invalidateStart} takes</b>: the thread that holds the lock of the space
     * may be waiting for just that access or lock.
     * <p>
     * Install the answer only if no invalidation has come since; see {@link Translations#sequence()}.
     *
     * @param address of the first page; a multiple of 4096
     * @param pages how many pages; 1 to 65,536
     * @param access what the device wants to do; {@link DeviceAccess#ATOMIC} makes the pages exclusive to the device
     * @return a translation for each page
     * @throws IllegalArgumentException if the address or the number is out of that range
     * @throws io.quire.memory.contract.AddressNotMappedException if a page is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page may not be read, or for a write not be written
     * @throws io.quire.memory.contract.OutOfFramesException if a page needs a frame and none is left
     * @throws io.quire.memory.contract.PagesBusyException if a page cannot be made exclusive because it is pinned
     * @throws io.quire.memory.contract.DriverFailedException if another device had to be told and failed, or if this
     *         device is lost
     * @throws io.quire.memory.contract.ClosedException after close of the space or the mirror
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     */
    Translations fault(long address, int pages, DeviceAccess access);

    /**
     * Returns what this device could see of a run of pages now. Faults nothing in, moves nothing and ends no access.
     * Lock-free.
     *
     * @param address of the first page; a multiple of 4096; may be unmapped
     * @param pages how many pages; 1 to 65,536
     * @return a state for each page; {@code EMPTY} also for a page that the device cannot reach without a fault
     * @throws IllegalArgumentException if the address or the number is out of that range
     * @throws io.quire.memory.contract.ClosedException after close of the space or the mirror
     */
    List<PageState> snapshot(long address, int pages);
}
