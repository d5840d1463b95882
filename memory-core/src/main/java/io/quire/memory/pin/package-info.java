/**
 * The pins of one space and of its accessors: which frames they hold, for how long, and where their segments are.
 * Front door: {@link io.quire.memory.pin.PinList}. {@code space.Pinning} takes the pins, because a page may have to
 * move first.
 */
@NullMarked
package io.quire.memory.pin;

import org.jspecify.annotations.NullMarked;
