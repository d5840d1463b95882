/**
 * Does the eviction policy keep the right pages? Replays of traces, ours beside its rivals and beside the
 * optimum. Front door: {@link io.quire.memory.bench.evict.HitRatios}; the answer stands in docs/eviction.md.
 */
@NullMarked
package io.quire.memory.bench.evict;

import org.jspecify.annotations.NullMarked;
