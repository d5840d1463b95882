/**
 * Physical memory: pools of 4 KiB frames, of the host and of devices, who has how many references to each frame and
 * holds it how often, and the lock-free allocator that hands them out by number. Front door:
 * {@link io.quire.memory.frame.FramePools}.
 */
@NullMarked
package io.quire.memory.frame;

import org.jspecify.annotations.NullMarked;
