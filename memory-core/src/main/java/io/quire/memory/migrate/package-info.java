/**
 * Moves pages between pools. {@link io.quire.memory.migrate.Migration} moves a batch for all spaces that share it: a
 * {@code Move} in three phases. {@link io.quire.memory.migrate.RangeMigration} moves a range for a user,
 * {@link io.quire.memory.migrate.Evictor} moves pages that have to make room, and the promoter brings back pages that
 * are used again.
 */
@NullMarked
package io.quire.memory.migrate;

import org.jspecify.annotations.NullMarked;
