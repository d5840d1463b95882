/**
 * Address spaces, and what all spaces of a manager share. Front door: {@link io.quire.memory.space.Space}, with map,
 * protect, fork and close. {@link io.quire.memory.space.Machine} puts the packages below together. Each space has one
 * lock, and every change of its table takes it; reads and writes of resident pages never do.
 */
@NullMarked
package io.quire.memory.space;

import org.jspecify.annotations.NullMarked;
