/**
 * What do faults of a device cost, and how many pages does a fork take from it?
 */
@NullMarked
package io.quire.memory.bench.device;

import org.jspecify.annotations.NullMarked;
