/**
 * Faults: what happens when an access cannot go on. An access of the processor enters through
 * {@link io.quire.memory.fault.FaultPath}, a device through {@link io.quire.memory.fault.DeviceFaults}.
 * {@link io.quire.memory.fault.FirstWrite} makes a page writable without the lock of its space where that is possible,
 * and {@link io.quire.memory.fault.PageFaults} does what one page needs under the lock. If a page has to move first, {@link io.quire.memory.fault.Homecoming} brings it home.
 */
@NullMarked
package io.quire.memory.fault;

import org.jspecify.annotations.NullMarked;
