/**
 * What does it cost to allocate and free a page, and how much heap does a page need?
 */
@NullMarked
package io.quire.memory.bench.allocate;

import org.jspecify.annotations.NullMarked;
