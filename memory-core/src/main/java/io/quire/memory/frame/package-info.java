/**
 * Physical memory: a pool of 4 KiB frames, who holds how many references to each, and the lock-free allocator that
 * hands them out by number. Front door: {@link io.quire.memory.frame.FramePool}.
 */
@NullMarked
package io.quire.memory.frame;

import org.jspecify.annotations.NullMarked;
