/**
 * What the author of a device implements. A device has memory of its own, a page table of its own, and works on the
 * virtual addresses of the spaces that are attached to it. The library decides which page lies where; the device asks
 * for translations when it misses one ({@link io.quire.memory.device.DeviceMirror#fault}), and stops using them when it
 * is told ({@link io.quire.memory.device.DeviceDriver#invalidateStart}).
 * <p>
 * The contract follows the mirroring of address spaces for devices in the Linux kernel (HMM and its MMU notifiers).
 */
@NullMarked
package io.quire.memory.device;

import org.jspecify.annotations.NullMarked;
