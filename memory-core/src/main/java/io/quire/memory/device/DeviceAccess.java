package io.quire.memory.device;

/**
 * What a device may do with a page. Each includes those before it: to see if a translation suffices, use
 * {@code translation.access().compareTo(needed) >= 0}.
 *
 * @see DeviceMirror#fault
 */
public enum DeviceAccess {
    /** Load. */
    READ,
    /** Load and store. */
    WRITE,
    /** Load, store and atomic instructions. Neither the processor nor another device has access meanwhile. */
    ATOMIC
}
