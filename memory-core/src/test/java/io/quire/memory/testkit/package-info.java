/** Helpers that tests share: seeds, leak checks, threads, full stacks, child JVMs, a recording driver. */
@NullMarked
package io.quire.memory.testkit;

import org.jspecify.annotations.NullMarked;
