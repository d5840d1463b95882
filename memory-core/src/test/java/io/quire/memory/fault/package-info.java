/**
 * An Error at every point of the library, one after the other: {@link io.quire.memory.fault.FaultEnumeration}. What is
 * tried are the scenarios in {@code world}, of classes that {@link io.quire.memory.fault.FaultLoader} loads anew.
 */
@NullMarked
package io.quire.memory.fault;

import org.jspecify.annotations.NullMarked;
