/**
 * Devices in software, for trying the device tier and for tests. Each has memory of its own, a page table of its own
 * for every space that is attached to it, and a thread of its own that works on the addresses of these spaces.
 * {@link io.quire.memory.softdevice.NativeDevice} is written in C, behind native calls like a real driver;
 * {@link io.quire.memory.softdevice.JavaDevice} does the same without native access.
 * <p>
 * The page table of a device holds no references to memory. If the library forgot to invalidate a translation, the
 * device notices by the generation of the frame that it leads to, and counts it in
 * {@link io.quire.memory.softdevice.DeviceCounters}.
 */
@NullMarked
package io.quire.memory.softdevice;

import org.jspecify.annotations.NullMarked;
