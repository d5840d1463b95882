package io.quire.memory.device;

import io.quire.memory.contract.PageState;
import java.util.List;

/**
 * One space as one device sees it: where the device asks for translations. Any thread but one that is inside a call of
 * the library to a driver: there {@link #fault} is refused at once.
 */
public interface DeviceMirror {

    /** Positive; no two mirrors of a manager ever have the same. */
    long id();

    /** The name of the space, for messages. */
    String spaceName();

    /**
     * Translations of a run of pages, faulted in as the processor would: a read maps what is there, of a page that was
     * never written the zero frame, and copies nothing; a write gets the space a page of its own. Private pages of
     * other devices come to the host, and exclusive access ends, unless it is this device's and it asks for that again.
     * <p>
     * May wait for the lock of the space, so the device must be in the middle of no access, to this space or another:
     * an invalidation that waits for the access may be what holds the lock. One call answers the whole run.
     *
     * @param address of the first page; a multiple of 4096
     * @param pages how many, 1 to 65,536
     * @param access what the device wants to do; {@link DeviceAccess#ATOMIC} makes the pages exclusive to the device
     * @throws IllegalArgumentException for an address or a number out of range
     * @throws io.quire.memory.contract.AddressNotMappedException if a page is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page may not be read, or not be written
     * @throws io.quire.memory.contract.OutOfFramesException if a write needs a frame and none is left
     * @throws io.quire.memory.contract.PagesBusyException if a page cannot be made exclusive because it is pinned
     * @throws io.quire.memory.contract.DriverFailedException if another device had to be told and failed
     * @throws io.quire.memory.contract.ClosedException after close of the space or the mirror
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     */
    Translations fault(long address, int pages, DeviceAccess access);

    /**
     * What the table says about a run of pages now, for this device: nothing is faulted in, moved or revoked.
     *
     * @param address of the first page; a multiple of 4096; may be unmapped
     * @param pages how many, 1 to 65,536
     */
    List<PageState> snapshot(long address, int pages);
}
