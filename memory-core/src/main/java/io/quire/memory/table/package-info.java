/**
 * The page table: a radix tree from addresses to frames, and the list of mappings that says which addresses exist.
 * Trees share nodes after a fork. Each node carries the generation that owns it, and only the space whose root has that
 * generation changes the node in place.
 */
@NullMarked
package io.quire.memory.table;

import org.jspecify.annotations.NullMarked;
