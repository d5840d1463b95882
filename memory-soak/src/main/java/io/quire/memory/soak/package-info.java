/**
 * Random use of everything that the library offers, for as long as one likes, beside an oracle of plain Java data that
 * shares no code with it. {@link io.quire.memory.soak.Soak} starts one JVM for each set of flags.
 */
@NullMarked
package io.quire.memory.soak;

import org.jspecify.annotations.NullMarked;
