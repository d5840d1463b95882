package io.quire.memory.device;

/** What a device may do with a page. */
public enum DeviceAccess {
    /** Load. */
    READ,
    /** Load and store. */
    WRITE,
    /** Load, store and read-modify-write, while neither the processor nor any other device has access. */
    ATOMIC
}
