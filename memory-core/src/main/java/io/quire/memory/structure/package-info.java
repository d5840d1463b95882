/**
 * Structures that live wholly inside an address space: their entries, their index and their free memory. A
 * {@code fork()} of the space forks them too, at any moment, and both sides go on with a whole structure.
 * <pre>
 *    get(key)                                put(key, value), remove(key), clear()
 *       |                                       |  one writer at a time: WriterLock
 *       |                                       v
 *       |                              +--------------------+  blocks    +----------------+
 *       |                              | MapWriter          |-----------&gt;| BlockAllocator |
 *       |                              +--------------------+            +----------------+
 *       |                                       |  words to change, as one Overlay
 *       v                                       v
 *  +----------------+  the words as      +--------------------+
 *  | ForkableMap    |  they will be      | Journal            |  commit: one store; then apply
 *  |                |&lt;-------------------|                    |
 *  +----------------+                    +--------------------+
 *       |  slot, block                          |
 *       v                                       v
 *  +---------------------------------------------------------------------------+
 *  | ::: header | journal | table and entries, in blocks ::::::::::::::::::::: |   inside the space
 *  +---------------------------------------------------------------------------+
 * </pre>
 */
@NullMarked
package io.quire.memory.structure;

import org.jspecify.annotations.NullMarked;
