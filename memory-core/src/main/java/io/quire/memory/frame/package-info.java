/**
 * Physical memory: pools of 4 KiB frames, of the host and of devices, and how many references each frame has and how
 * often it is held. Front door: {@link io.quire.memory.frame.FramePools}.
 */
@NullMarked
package io.quire.memory.frame;

import org.jspecify.annotations.NullMarked;
