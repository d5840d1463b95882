/** What tests share: seeds, leak checks, threads, child JVMs. */
@NullMarked
package io.quire.memory.testkit;

import org.jspecify.annotations.NullMarked;
