/** What is tried with Errors; loaded with a copy of the library that throws them. */
@NullMarked
package io.quire.memory.errors.world;

import org.jspecify.annotations.NullMarked;
