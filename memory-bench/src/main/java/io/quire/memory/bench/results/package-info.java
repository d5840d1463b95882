/**
 * What a run leaves behind: a line of JSON for each row and point, a page, and a picture for each chart.
 * {@link io.quire.memory.bench.results.Results} writes all of it.
 */
@NullMarked
package io.quire.memory.bench.results;

import org.jspecify.annotations.NullMarked;
