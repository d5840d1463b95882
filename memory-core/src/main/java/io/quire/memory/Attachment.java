package io.quire.memory;

import io.quire.memory.device.DeviceMirror;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.Attached;

/**
 * A device that is attached to a space: it may work on the addresses of the space, through its {@link #mirror()}.
 * {@snippet file="io/quire/memory/snippets/DeviceSnippetsTest.java" region="device"}
 * <p>
 * Ends with {@link #close()}, with the space, or with the device, whichever comes first. Any thread may call any
 * method.
 *
 * @see Device#attach
 */
public final class Attachment implements AutoCloseable {

    private final Attached attached;

    /** Keeps the space reachable while this is: an unreachable space is closed as forgotten. */
    @SuppressWarnings("UnusedVariable")
    private final AddressSpace handle;

    Attachment(AddressSpace handle, Attached attached) {
        this.handle = handle;
        this.attached = attached;
    }

    /**
     * Returns the space as the device sees it. The driver was given the same object in
     * {@link io.quire.memory.device.DeviceDriver#attached}.
     *
     * @return always the same mirror; it answers until the attachment ends
     */
    public DeviceMirror mirror() {
        return attached.mirror();
    }

    /**
     * Gives the device exclusive access to pages, so that it may use atomic instructions on them.
     * {@snippet file="io/quire/memory/snippets/DeviceSnippetsTest.java" region="exclusive"}
     * <p>
     * The exclusive access to a page ends with the first access by the processor, by another device, by a pin or by a
     * fork, and with a fault of this device that asks for less than {@link io.quire.memory.device.DeviceAccess#ATOMIC}.
     * The device is told before. The pages stay in their frames; private pages come to the host first.
     * <p>
     * Works from the first page to the last. If a page is refused, or a driver fails, the pages before it stay
     * exclusive, and that page and those after it are not. No content changes. The device is not told of the pages that
     * it has then: it finds them exclusive when it asks.
     *
     * @param address a multiple of 4096
     * @param sizeBytes 1 to 256 MiB; rounded up to whole pages
     * @throws IllegalArgumentException if the address or the size is out of that range
     * @throws io.quire.memory.contract.AddressNotMappedException if a page is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page may not be written
     * @throws io.quire.memory.contract.OutOfFramesException if a page needs a frame and none is left
     * @throws io.quire.memory.contract.PagesBusyException if a page is pinned
     * @throws io.quire.memory.contract.DriverFailedException if a device that had to be told failed
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     * @throws io.quire.memory.contract.ClosedException after close of the space or of this
     */
    public void makeExclusive(long address, long sizeBytes) {
        StackRoom.require();
        attached.makeExclusive(Ranges.wholePage(address), Ranges.pages(sizeBytes));
    }

    /**
     * Counts the pages of the space that are exclusive to this device now: those that {@link #makeExclusive}, or a
     * fault for atomic access, gave it, and that it still has. Not the pages that only one space maps, which
     * {@link SpaceStatistics#exclusivePages()} counts.
     *
     * @return 0 or more
     * @throws io.quire.memory.contract.ClosedException after close of the space or of this
     */
    public int exclusivePages() {
        return attached.exclusivePages();
    }

    /**
     * Detaches the device from the space. The driver forgets its translations first. Closing a closed attachment has no
     * effect.
     *
     * @throws io.quire.memory.contract.DriverFailedException if the driver fails to forget them; the device stays
     *         attached
     * @throws io.quire.memory.contract.DriverReentryException inside a call of the library to a driver
     */
    @Override
    public void close() {
        StackRoom.require();
        attached.detach();
    }

    @Override
    public String toString() {
        return "Attachment[" + attached.describe() + "]";
    }
}
