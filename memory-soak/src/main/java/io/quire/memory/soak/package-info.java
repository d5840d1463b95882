/**
 * Random use of everything that the library offers, for as long as you like. A model of plain Java data, which shares
 * no code with the library, says what the result has to be. {@link io.quire.memory.soak.Soak} starts one JVM for each
 * set of flags.
 */
@NullMarked
package io.quire.memory.soak;

import org.jspecify.annotations.NullMarked;
