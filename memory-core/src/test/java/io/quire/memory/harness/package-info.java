/**
 * The harness of random histories: it does the same steps to spaces and to a model made of plain arrays, and compares.
 * {@link io.quire.memory.harness.SpaceHistory} uses it for spaces alone; the tests of other modules add steps of their
 * own.
 */
@NullMarked
package io.quire.memory.harness;

import org.jspecify.annotations.NullMarked;
