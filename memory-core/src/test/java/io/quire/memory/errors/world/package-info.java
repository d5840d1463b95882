/** Operations that are tried with Errors. They are loaded with a copy of the library that throws the Errors. */
@NullMarked
package io.quire.memory.errors.world;

import org.jspecify.annotations.NullMarked;
