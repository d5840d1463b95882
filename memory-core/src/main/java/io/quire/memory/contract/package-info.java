/**
 * The exceptions and choices of the API: one exception for each way in which an operation can be refused, and the enums
 * that operations take or return. An operation that throws one of these exceptions has changed nothing, unless its
 * method says what remains.
 * <p>
 * All of it is immutable, and any thread may use it. The constructors are for the library and for tests.
 */
@NullMarked
package io.quire.memory.contract;

import org.jspecify.annotations.NullMarked;
