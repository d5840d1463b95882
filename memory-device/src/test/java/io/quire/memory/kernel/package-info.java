/**
 * The test suites of the Linux kernel for device memory, copy-on-write and pins, ported: scenario by scenario, each
 * test named after its original. docs/kernel-suites.md lists every scenario and what became of it.
 */
@NullMarked
package io.quire.memory.kernel;

import org.jspecify.annotations.NullMarked;
