/**
 * The lock-free allocator of frames: trees of bits, where each stripe stays with its own tree (after LLFree), and
 * magazines with a few free frames each. It deals in frame numbers only and never touches memory. Entry point:
 * {@link io.quire.memory.allocator.FrameAllocator}, which has the picture and the sources.
 */
@NullMarked
package io.quire.memory.allocator;

import org.jspecify.annotations.NullMarked;
