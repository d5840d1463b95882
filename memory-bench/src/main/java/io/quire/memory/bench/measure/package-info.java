/**
 * Compares two things: short batches of both by turns, their medians, and a table with the promises.
 */
@NullMarked
package io.quire.memory.bench.measure;

import org.jspecify.annotations.NullMarked;
