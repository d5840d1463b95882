package io.quire.memory.contract;

/**
 * What a page is at one moment.
 *
 * @param address of the page
 * @param place where it is
 * @param pool the name of the pool its frame belongs to; empty if it has none, or none that the asker may see
 * @param writable whether a write needs no fault: the frame is this space's own and the mapping allows it
 * @param pinned whether somebody pins the frame
 */
public record PageState(long address, Place place, String pool, boolean writable, boolean pinned) {

    /** Where a page is. */
    public enum Place {
        /** Not mapped, or its protection allows no read. */
        INACCESSIBLE,
        /** Never written: it reads as zeros. For a device also a page it cannot reach without a fault. */
        EMPTY,
        /** In the host pool. */
        HOST,
        /** In the memory of a coherent device. */
        DEVICE_COHERENT,
        /** In the memory of a private device: an access by the processor brings it to the host. */
        DEVICE_PRIVATE,
        /** In the host pool or a coherent device, but exclusive to a device: an access by the processor ends that. */
        EXCLUSIVE
    }

    @Override
    public String toString() {
        return "PageState[0x" + Long.toHexString(address) + ", " + place + (pool.isEmpty() ? "" : " " + pool)
                + (writable ? ", writable" : "") + (pinned ? ", pinned" : "") + "]";
    }
}
