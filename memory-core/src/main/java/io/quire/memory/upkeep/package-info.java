/**
 * Work on a manager from outside its spaces: the chores of the background agent, the watch over old pins and snapshots,
 * the recount of all references, and the end of a device and of the manager. Front doors:
 * {@link io.quire.memory.upkeep.Maintenance} and {@link io.quire.memory.upkeep.Ending}.
 */
@NullMarked
package io.quire.memory.upkeep;

import org.jspecify.annotations.NullMarked;
