/**
 * Address spaces: faults (zero-fill, copy-on-write), fork, drop, map, unmap, protect. One lock a space orders
 * everything that changes its table; reads and writes of resident pages never take it. Front door:
 * {@link io.quire.memory.space.Space}.
 */
@NullMarked
package io.quire.memory.space;

import org.jspecify.annotations.NullMarked;
