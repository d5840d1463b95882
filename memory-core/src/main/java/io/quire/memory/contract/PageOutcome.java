package io.quire.memory.contract;

/**
 * What became of one page of a migration or an eviction.
 *
 * @see io.quire.memory.MigrationReport
 * @see io.quire.memory.EvictionReport
 */
public enum PageOutcome {
    /** The page is in the target pool now, and was not before. */
    MOVED,
    /** The page was never written, and has a frame of zeros in the target pool now. Nothing was copied. */
    FILLED,
    /** The page was in the target pool before. */
    ALREADY_THERE,
    /**
     * The page has no frame and gets none. It was never written, or is not mapped any more; and the target is the host,
     * the page may not be read, or the space is a snapshot.
     */
    EMPTY,
    /**
     * The page is pinned, a cursor reads it, or a long range with the page in it is being written. Or a pin of a space
     * was closed, but its segments have not ended yet, because another short-term pin of that kind is open.
     */
    PINNED,
    /** Another thread wrote, unmapped or copied the page meanwhile. A retry may succeed. */
    RACED,
    /**
     * There was no frame for the page in the target pool, or the device refused one, and nothing there could make room.
     * Pages of the range itself never make room: those that have arrived stay.
     */
    NO_FREE_FRAME,
    /** The page is exclusive to a device. */
    EXCLUSIVE,
    /** The page is on another device. Pages move between a device and the host only. */
    OTHER_DEVICE,
    /** A device that uses the page would have had to wait, and was not allowed to. */
    DEVICE_BUSY;

    /**
     * Tells if a page with this outcome is in the target pool.
     *
     * @return true for {@link #MOVED}, {@link #FILLED} and {@link #ALREADY_THERE}
     */
    public boolean isThere() {
        return this == MOVED || this == FILLED || this == ALREADY_THERE;
    }
}
