package io.quire.memory.contract;

/**
 * What a page is at one moment.
 *
 * @param address of the page; a multiple of 4096
 * @param place where it is
 * @param pool the name of the pool that its frame belongs to; empty if it has no frame, or none that the asker may see
 * @param writable true if a write needs no fault: the frame is this space's own and the protection allows it
 * @param pinned true if somebody pins the frame
 * @see io.quire.memory.AddressSpace#pageState
 */
public record PageState(long address, Place place, String pool, boolean writable, boolean pinned) {

    /** Where a page is. */
    public enum Place {
        /** Not mapped, or not readable by its protection. */
        INACCESSIBLE,
        /**
         * Without a frame, so it reads as zeros: never written, or discarded. For a device, also a page that it cannot
         * reach without a fault.
         */
        EMPTY,
        /** In the host pool. */
        HOST,
        /** On a coherent device. */
        DEVICE_COHERENT,
        /** On a private device: an access by the processor brings it to the host. */
        DEVICE_PRIVATE,
        /**
         * In the host pool or on a coherent device, and exclusive to a device: an access by the processor ends that.
         */
        EXCLUSIVE
    }

    @Override
    public String toString() {
        return "PageState[0x" + Long.toHexString(address) + ", " + place + (pool.isEmpty() ? "" : " " + pool)
                + (writable ? ", writable" : "") + (pinned ? ", pinned" : "") + "]";
    }
}
