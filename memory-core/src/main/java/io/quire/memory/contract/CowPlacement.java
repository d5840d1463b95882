package io.quire.memory.contract;

/**
 * Where a copy goes when a space writes a shared page of a device.
 *
 * @see io.quire.memory.AddressSpace#cowPlacement(CowPlacement)
 */
public enum CowPlacement {
    /** To the host: the writer leaves the device, and the others keep its frame. Linux does this. */
    HOST,
    /** To the same pool while it has a free frame, else to the host: a fork drives nobody off the device. */
    SAME_POOL
}
