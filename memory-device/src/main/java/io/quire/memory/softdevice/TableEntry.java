package io.quire.memory.softdevice;

import io.quire.memory.device.DeviceAccess;

/**
 * One translation in the page table of a device.
 *
 * @param address of the page in the space; a multiple of 4096
 * @param frame the number of the frame of the device; -1 for a page elsewhere
 * @param access what the device may do
 * @param accessed true if the device has used it since this was last asked
 * @param stale true if it leads to a freed frame, which is a bug of the library
 * @see SoftwareDevice#table
 */
public record TableEntry(long address, int frame, DeviceAccess access, boolean accessed, boolean stale) {
}
