/**
 * A demonstration that proves what it shows: forks of a map full of real files are taken while a writer changes the
 * map, and each fork is compared as a whole with what the writer knows the map to have been.
 * <pre>
 *   Writer     updates values, knows the checksum of the map after each update; ChecksumHistory remembers it
 *     |
 *     v
 *   live map --fork--&gt; ForkKeeper     keeps up to 32 forks open, closes them in random order
 *                          |
 *                          v
 *                      ForkReader     is the checksum of the whole fork one of its CandidateStates?
 * </pre>
 * Then a device works on the live map, see {@link io.quire.memory.demo.DeviceAct}.
 * {@link io.quire.memory.demo.DemoRun} runs both and {@link io.quire.memory.demo.Report} prints what came out.
 * <p>
 * As an example, read {@link io.quire.memory.demo.DemoRun} for a manager with a device,
 * {@link io.quire.memory.demo.Writer} for a map that is forked between its updates,
 * {@link io.quire.memory.demo.ForkReader} for a fork that is read and written, and
 * {@link io.quire.memory.demo.DeviceAct} for migration, copies on a device and pins.
 */
@NullMarked
package io.quire.memory.demo;

import org.jspecify.annotations.NullMarked;
