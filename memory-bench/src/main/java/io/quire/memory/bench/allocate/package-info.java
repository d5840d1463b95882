/**
 * What does a page cost to allocate and to free, and how much heap to keep?
 */
@NullMarked
package io.quire.memory.bench.allocate;

import org.jspecify.annotations.NullMarked;
