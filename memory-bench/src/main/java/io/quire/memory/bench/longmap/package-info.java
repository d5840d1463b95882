/** What do maps from long to long cost, and what do their snapshots keep? */
@NullMarked
package io.quire.memory.bench.longmap;

import org.jspecify.annotations.NullMarked;
