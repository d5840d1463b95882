/**
 * What faults and migrations work on: the state of a space, the lineage of forks that share its frames, the reverse map
 * from a frame to the entries that map it, and the memory of a manager with the tiers of its devices. Start with
 * {@link io.quire.memory.lineage.SpaceState}, {@link io.quire.memory.lineage.Lineage},
 * {@link io.quire.memory.lineage.ReverseMap} and {@link io.quire.memory.lineage.TieredMemory}.
 */
@NullMarked
package io.quire.memory.lineage;

import org.jspecify.annotations.NullMarked;
