/**
 * Pages that move between pools: {@link io.quire.memory.migrate.Migration} moves a batch for all spaces that share it,
 * {@link io.quire.memory.migrate.RangeMigration} a range for a user, {@link io.quire.memory.migrate.Evictor} what has to
 * make room, and the promoter what is used again.
 */
@NullMarked
package io.quire.memory.migrate;

import org.jspecify.annotations.NullMarked;
