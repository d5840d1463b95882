/**
 * What has changed between two spaces.
 * <pre>
 *   AddressSpace  base     AddressSpace  space
 *        |  snapshot            |  snapshot: the writers go on
 *        v                      v
 *   +-----------------------------------+        +-----------------+
 *   | TreeComparison                    |-------&gt;| SpaceDifference |  ranges that may differ
 *   | skips what both trees share       |        +-----------------+
 *   +-----------------------------------+
 * </pre>
 */
@NullMarked
package io.quire.memory.transfer;

import org.jspecify.annotations.NullMarked;
