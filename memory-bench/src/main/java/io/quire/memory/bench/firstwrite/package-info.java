/**
 * What does the first write to a page after a fork cost?
 */
@NullMarked
package io.quire.memory.bench.firstwrite;

import org.jspecify.annotations.NullMarked;
