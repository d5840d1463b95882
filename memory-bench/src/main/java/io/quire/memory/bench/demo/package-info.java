/**
 * A demonstration that proves what it shows: forks of a map full of real files, taken while a writer changes
 * it, each compared as a whole with what the writer knows the map to have been.
 * <pre>
 *   Writer     updates values, knows the checksum of the map after each update; History remembers it
 *     |
 *     v
 *   live map --fork--&gt; ForkKeeper     keeps up to 32 forks open, closes them in random order
 *                          |
 *                          v
 *                      ForkReader     checksum of the whole fork == that of the map at its moment?
 * </pre>
 * When that is over, {@link io.quire.memory.bench.demo.DeviceAct} has a device work on the live map.
 * {@link io.quire.memory.bench.demo.Trial} runs them and {@link io.quire.memory.bench.demo.Report} prints
 * what came out.
 */
@NullMarked
package io.quire.memory.bench.demo;

import org.jspecify.annotations.NullMarked;
