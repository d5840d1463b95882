/**
 * What has changed between two spaces, and spaces that go to a file or another process and come back.
 * <pre>
 *   AddressSpace  base     AddressSpace  space
 *        |  snapshot            |  snapshot: the writers go on
 *        v                      v
 *   +-----------------------------------+        +-----------------+
 *   | TreeComparison                    |-------&gt;| SpaceDifference |  ranges that may differ
 *   | skips what both trees share       |        +-----------------+
 *   +-----------------------------------+
 *        |  ExportPlan: pages, holes
 *        v
 *   +--------------+   file or channel   +--------------+  each part checked   +--------------------+
 *   | ExportWriter |--------------------&gt;| ExportReader |---------------------&gt;| SpaceLoader        |
 *   | SpaceExport  |  docs/format.md     | SpaceImport  |  before it is used   | new space, or fork |
 *   +--------------+                     +--------------+                      +--------------------+
 * </pre>
 */
@NullMarked
package io.quire.memory.transfer;

import org.jspecify.annotations.NullMarked;
