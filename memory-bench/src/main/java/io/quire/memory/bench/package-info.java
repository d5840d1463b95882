/**
 * The benchmarks of Quire. {@link io.quire.memory.bench.BenchMain} without arguments measures every target
 * beside its rival in less than three minutes; with arguments it is JMH over the same code. A package for
 * each question, a class for each answer.
 */
@NullMarked
package io.quire.memory.bench;

import org.jspecify.annotations.NullMarked;
