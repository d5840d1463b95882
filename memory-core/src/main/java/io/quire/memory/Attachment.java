package io.quire.memory;

import io.quire.memory.device.DeviceMirror;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.Attached;

/**
 * A device attached to a space. Any thread. Ends with {@link #close()}, with the space, or with the device, whichever
 * comes first.
 */
public final class Attachment implements AutoCloseable {

    private final Attached attached;

    /** Kept reachable, or the space would be closed as forgotten. */
    @SuppressWarnings("UnusedVariable")
    private final AddressSpace handle;

    Attachment(AddressSpace handle, Attached attached) {
        this.handle = handle;
        this.attached = attached;
    }

    /** The space as the device sees it; its driver was given the same. */
    public DeviceMirror mirror() {
        return attached.mirror();
    }

    /**
     * Gives pages to the device alone: it may change them atomically, and the first access by the processor, by another
     * device, by a pin or by a fork ends that, after the device was told; and so does a fault of this device that asks
     * for less. The pages stay in their frames; private ones come to the host first.
     * <p>
     * Works from the first page to the last. When one is refused, or a driver fails, the pages before it remain
     * exclusive, that page and those after it are not, and the content of all is the same. The device is not told of
     * those it has then; it finds them exclusive when it asks. They go back as always, by the first access of others.
     *
     * @param address a multiple of 4096
     * @param sizeBytes positive; rounded up to whole pages; up to 256 MiB
     * @throws IllegalArgumentException for another address or size
     * @throws io.quire.memory.contract.AddressNotMappedException if a page is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page may not be written
     * @throws io.quire.memory.contract.PagesBusyException if a page is pinned
     * @throws io.quire.memory.contract.DriverFailedException if a device that had to be told failed
     * @throws io.quire.memory.contract.ClosedException after close of the space or of this
     */
    public void makeExclusive(long address, long sizeBytes) {
        StackRoom.require();
        attached.makeExclusive(Ranges.wholePage(address), Ranges.pages(sizeBytes));
    }

    /**
     * How many pages are exclusive to the device now.
     *
     * @throws io.quire.memory.contract.ClosedException after close of the space or of this
     */
    public int exclusivePages() {
        return attached.exclusivePages();
    }

    /**
     * Detaches the device. It is told to forget its translations first. Closing it again has no effect.
     *
     * @throws io.quire.memory.contract.DriverFailedException if the device fails to forget them; it stays attached
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
