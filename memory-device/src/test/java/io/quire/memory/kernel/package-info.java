/**
 * The test suites of the Linux kernel for device memory, copy-on-write and pins, ported scenario by scenario.
 * Each test is named after its original. docs/kernel-suites.md lists every scenario and its test, or why it has none.
 */
@NullMarked
package io.quire.memory.kernel;

import org.jspecify.annotations.NullMarked;
