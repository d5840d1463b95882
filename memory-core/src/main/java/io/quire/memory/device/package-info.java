/**
 * For authors of devices. A device has memory and a page table of its own, and works on the virtual addresses of the
 * spaces that it is attached to. The library decides which page is where. The device asks for translations that
 * it does not have ({@link io.quire.memory.device.DeviceMirror#fault}), and stops using them when it is told
 * ({@link io.quire.memory.device.DeviceDriver#invalidateStart}).
 * <p>
 * To write a driver, implement {@link io.quire.memory.device.CoherentDriver} or
 * {@link io.quire.memory.device.PrivateDriver}. The contract follows that of the Linux kernel for devices that mirror
 * an address space: HMM and its MMU notifiers.
 * <p>
 * This is a whole driver. To write one, begin with a copy.
 * {@snippet file="io/quire/examples/SkeletonDriver.java"}
 */
@NullMarked
package io.quire.memory.device;

import org.jspecify.annotations.NullMarked;
