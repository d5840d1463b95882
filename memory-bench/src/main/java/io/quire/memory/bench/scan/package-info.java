/**
 * What does it cost to read memory from one end to the other?
 */
@NullMarked
package io.quire.memory.bench.scan;

import org.jspecify.annotations.NullMarked;
