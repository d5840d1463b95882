/**
 * Structures that live wholly inside an address space: their entries, their index and their free memory. A
 * {@code fork()} of the space forks them too, at any moment, and both sides go on with a whole structure.
 * <ul>
 * <li>{@link io.quire.memory.structure.ForkableLongMap}: numbers by number; an update beside a snapshot copies little
 * <li>{@link io.quire.memory.structure.ForkableMap}: byte arrays by byte array
 * <li>{@link io.quire.memory.structure.ForkableArray}: a column of numbers
 * <li>{@link io.quire.memory.structure.ForkableLog}: records that are appended and read in order
 * </ul>
 * The map of longs is made of the nodes of {@code io.quire.memory.nodes}. The map of byte arrays has a journal:
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
