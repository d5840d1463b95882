/**
 * How two things are compared: short batches of both by turns, medians, and a table that says what was
 * promised.
 */
@NullMarked
package io.quire.memory.bench.measure;

import org.jspecify.annotations.NullMarked;
