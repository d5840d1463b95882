/**
 * An Error at every point of the library, one after the other: {@link io.quire.memory.errors.FaultEnumeration}. What is
 * tried are the scenarios in {@code world}, of classes that {@link io.quire.memory.errors.FaultLoader} loads anew.
 */
@NullMarked
package io.quire.memory.errors;

import org.jspecify.annotations.NullMarked;
