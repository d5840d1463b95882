/**
 * Address spaces, and all of a manager's together. Front door: {@link io.quire.memory.space.Space}: map, protect, fork
 * and close. {@link io.quire.memory.space.Machine} puts the rooms below together: one lock a space orders everything
 * that changes its table; reads and writes of resident pages never take it.
 */
@NullMarked
package io.quire.memory.space;

import org.jspecify.annotations.NullMarked;
