package io.quire.memory.contract;

/** What became of one page of a migration. */
public enum PageOutcome {
    /** It lies in the target pool now, and did not before. */
    MOVED,
    /** It was never written, and has a frame of zeros in the target pool now; nothing was copied. */
    FILLED,
    /** It lay in the target pool already. */
    ALREADY_THERE,
    /**
     * It was never written, or is mapped no more, and gets no frame: the target is the host, or it may not be read, or
     * the space is a snapshot.
     */
    EMPTY,
    /**
     * It is pinned, or a cursor reads it, or a long range that it belongs to is being written. Or it was pinned by a space,
     * for its segments, and they have not ended yet because another short-term pin of that kind is open.
     */
    PINNED,
    /** Another thread wrote, unmapped or copied it meanwhile; a retry may succeed. */
    RACED,
    /**
     * The target pool, or the device, has no frame for it, and nothing there could make room: the pages of the range
     * itself do not, those that have arrived stay.
     */
    NO_FREE_FRAME,
    /** It is exclusive to a device. */
    EXCLUSIVE,
    /** It lies on another device; pages move between a device and the host only. */
    OTHER_DEVICE,
    /** A device that uses the page would have had to wait, and was not allowed to. */
    DEVICE_BUSY;

    /** Whether the page lies in the target pool. */
    public boolean isThere() {
        return this == MOVED || this == FILLED || this == ALREADY_THERE;
    }
}
