/**
 * The page table: a radix tree from addresses to frames whose nodes carry the generation that made them, and the
 * list of mappings that says which addresses exist. Trees share nodes after a fork; a node is changed in place only
 * by the space whose root has the node's generation.
 */
@NullMarked
package io.quire.memory.table;

import org.jspecify.annotations.NullMarked;
