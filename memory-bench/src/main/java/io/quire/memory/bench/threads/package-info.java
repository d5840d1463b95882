/**
 * What does it cost to share a manager with other threads?
 */
@NullMarked
package io.quire.memory.bench.threads;

import org.jspecify.annotations.NullMarked;
