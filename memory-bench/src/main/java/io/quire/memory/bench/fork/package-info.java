/**
 * What does it cost to copy a whole space?
 */
@NullMarked
package io.quire.memory.bench.fork;

import org.jspecify.annotations.NullMarked;
