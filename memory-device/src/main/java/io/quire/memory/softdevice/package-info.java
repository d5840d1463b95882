/**
 * Devices in software. Each has memory of its own, a page table of its own for every space that is attached to it, and
 * a thread of its own that works on the virtual addresses of these spaces; it asks the library for what its table does
 * not have. Both do the same: {@link io.quire.memory.softdevice.NativeDevice} in C, behind native calls like a real
 * driver, and {@link io.quire.memory.softdevice.JavaDevice} without any.
 * <p>
 * Its page table holds no references to memory. If the library forgot to invalidate a translation, the device notices
 * by the generation of the frame it leads to, and counts it: {@link io.quire.memory.softdevice.DeviceCounters}.
 */
@NullMarked
package io.quire.memory.softdevice;

import org.jspecify.annotations.NullMarked;
