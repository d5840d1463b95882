package io.quire.memory.contract;

/** Where the copy of a shared device page goes when one of its sharers writes. */
public enum CowPlacement {
    /** To the host: the writer leaves the device, the others keep its frame. The rule of the Linux kernel. */
    HOST,
    /** To the same pool while it has a free frame, else to the host: a fork drives nobody off the device. */
    SAME_POOL
}
