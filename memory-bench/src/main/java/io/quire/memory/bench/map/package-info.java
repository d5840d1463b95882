/**
 * What does it cost to snapshot a live map, and to go on writing it and reading the copy? Ours beside maps on
 * the heap that are copied, maps that share what did not change, and databases.
 */
@NullMarked
package io.quire.memory.bench.map;

import org.jspecify.annotations.NullMarked;
