/**
 * A store of small nodes inside a space, for structures of which a small change beside a snapshot copies little. Nodes
 * that a fork shares are not written: a change puts a new node into a page that is not shared, and changes the
 * reference to it.
 * <pre>
 *   reader                                  writer, one at a time
 *     |                                       |
 *     v                                       v
 *  +--------------+                    +-----------+  new, free   +--------------+
 *  | NodeReader   |                    | Trie      |-------------&gt;| NodeStore    |
 *  +--------------+                    +-----------+              +--------------+
 *     |  ReadSection                          |                          |  WriteGroup: one step
 *     v                                       v                          v
 *  +--------------------------------------------------------------------------------+
 *  | header | notes | counts ::::: | pages of inner nodes ::: | pages of buckets ::: |   inside the space
 *  +--------------------------------------------------------------------------------+
 * </pre>
 */
@NullMarked
package io.quire.memory.nodes;

import org.jspecify.annotations.NullMarked;
