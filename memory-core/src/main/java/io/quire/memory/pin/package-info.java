/**
 * The pins of one space, and what its accessors hold: which frames are held, for how long, and where their segments
 * are. It does not take a pin of a page that has to move first; that is {@code space.Pinning}. Front door:
 * {@link io.quire.memory.pin.PinList}.
 */
@NullMarked
package io.quire.memory.pin;

import org.jspecify.annotations.NullMarked;
