/**
 * The lock-free allocator that hands out frames by number: trees of bits, each thread at its own tree (after LLFree),
 * and magazines that hold a few frames at hand. It knows numbers alone, nothing of memory. Front door:
 * {@link io.quire.memory.allocator.FrameAllocator}, which draws the picture and names the sources.
 */
@NullMarked
package io.quire.memory.allocator;

import org.jspecify.annotations.NullMarked;
