/**
 * What leaves a device when it is full, and what may come back: policy only. Everything here speaks of frame numbers
 * and of keys of pages, moves nothing, and knows neither spaces nor tables; whoever migrates pages asks it.
 * Front doors: {@link io.quire.memory.tier.EvictionQueues} for victims, {@link io.quire.memory.tier.Watermarks} for how
 * many, {@link io.quire.memory.tier.SecondTouch} and {@link io.quire.memory.tier.PingPong} for the way back.
 */
@NullMarked
package io.quire.memory.tier;

import org.jspecify.annotations.NullMarked;
