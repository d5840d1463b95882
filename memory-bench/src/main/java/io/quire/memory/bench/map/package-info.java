/**
 * What does it cost to take a snapshot of a live map, and then to write the map and read the snapshot? Ours is compared
 * with maps on the heap that are copied, with persistent maps, and with databases.
 */
@NullMarked
package io.quire.memory.bench.map;

import org.jspecify.annotations.NullMarked;
