/**
 * Writes the results of a run: a line of JSON for each row and point, a page, and a picture for each chart. Start with
 * {@link io.quire.memory.bench.results.Results}.
 */
@NullMarked
package io.quire.memory.bench.results;

import org.jspecify.annotations.NullMarked;
