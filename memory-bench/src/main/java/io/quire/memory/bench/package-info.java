/**
 * The benchmarks of Quire. {@link io.quire.memory.bench.BenchMain} without arguments measures every promise beside its
 * rival in some three minutes; with arguments it runs JMH on the same code. Each package is a question, and each
 * class answers a part of it.
 */
@NullMarked
package io.quire.memory.bench;

import org.jspecify.annotations.NullMarked;
