/**
 * Policy only: which pages leave a full device, and which may come back. The classes deal in frame numbers and keys of
 * pages. They move nothing and know neither spaces nor tables; the code that migrates pages asks them. Entry points:
 * {@link io.quire.memory.tier.EvictionQueues} for victims, {@link io.quire.memory.tier.Watermarks} for how many,
 * {@link io.quire.memory.tier.SecondTouch} and {@link io.quire.memory.tier.PingPong} for the way back.
 */
@NullMarked
package io.quire.memory.tier;

import org.jspecify.annotations.NullMarked;
