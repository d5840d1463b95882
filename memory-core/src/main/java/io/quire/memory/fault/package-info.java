/**
 * Faults: what happens when an access cannot go on. An access comes in through
 * {@link io.quire.memory.fault.FaultPath}, a device through {@link io.quire.memory.fault.DeviceFaults};
 * {@link io.quire.memory.fault.PageFaults} is what happens to one page under the lock of its space. A page that has to
 * move first is brought home by whoever implements {@link io.quire.memory.fault.Homecoming}.
 */
@NullMarked
package io.quire.memory.fault;

import org.jspecify.annotations.NullMarked;
