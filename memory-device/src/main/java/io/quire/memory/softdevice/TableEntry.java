package io.quire.memory.softdevice;

import io.quire.memory.device.DeviceAccess;

/**
 * One translation in the page table of a device.
 *
 * @param address of the page in the space
 * @param frame of the device; -1 for other memory
 * @param access what it allows
 * @param accessed whether the device has used it since that was last asked
 * @param stale whether it leads to a frame that went out of use, which is a bug of the library
 */
public record TableEntry(long address, int frame, DeviceAccess access, boolean accessed, boolean stale) {
}
