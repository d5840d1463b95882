/**
 * A demo that proves what it shows. Forks of a map full of real files are taken while a writer changes the map. Each
 * fork is read as a whole and compared with what the writer knows of the map at that moment.
 * <pre>
 *   Writer     updates values, knows the checksum of the map after each update; ChecksumHistory remembers it
 *     |
 *     v
 *   live map --fork--&gt; ForkKeeper     keeps up to 32 forks open, closes them in random order
 *                          |
 *                          v
 *                      ForkReader     is the checksum of the whole fork one of its CandidateStates?
 * </pre>
 * Then a device works on the live map: see {@link io.quire.memory.demo.DeviceAct}.
 * {@link io.quire.memory.demo.DemoRun} runs both parts and {@link io.quire.memory.demo.Report} prints the results.
 * <p>
 * To see how the library is used, read {@link io.quire.memory.demo.DemoRun} for a manager with a device,
 * {@link io.quire.memory.demo.Writer} for a map that is forked between two updates,
 * {@link io.quire.memory.demo.ForkReader} for a fork that is read and written, and
 * {@link io.quire.memory.demo.DeviceAct} for migration, copies on a device and pins.
 */
@NullMarked
package io.quire.memory.demo;

import org.jspecify.annotations.NullMarked;
