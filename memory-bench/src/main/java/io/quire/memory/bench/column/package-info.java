/**
 * What does it cost to read and write the elements of an array that can be forked?
 */
@NullMarked
package io.quire.memory.bench.column;

import org.jspecify.annotations.NullMarked;
