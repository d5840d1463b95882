/**
 * Physical memory: pools of 4 KiB frames, of the host and of devices, with the references and holds of each frame.
 * Entry point: {@link io.quire.memory.frame.FramePools}.
 */
@NullMarked
package io.quire.memory.frame;

import org.jspecify.annotations.NullMarked;
