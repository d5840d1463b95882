/**
 * Does the eviction policy keep the right pages? Traces are replayed with our policy, its rivals and the optimum. Start
 * with {@link io.quire.memory.bench.evict.HitRatios}. The results are in docs/eviction.md.
 */
@NullMarked
package io.quire.memory.bench.evict;

import org.jspecify.annotations.NullMarked;
