/**
 * Throws an Error at every point of the library in turn: {@link io.quire.memory.errors.FaultEnumeration}. The
 * operations are the scenarios in {@code world}, whose classes {@link io.quire.memory.errors.FaultLoader} loads as a
 * copy.
 */
@NullMarked
package io.quire.memory.errors;

import org.jspecify.annotations.NullMarked;
