/** Counts of events, and where things were created. Depends on nothing, costs nothing on a hot path. */
@NullMarked
package io.quire.memory.trace;

import org.jspecify.annotations.NullMarked;
