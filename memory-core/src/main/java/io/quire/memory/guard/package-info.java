/**
 * How a writer tells the rest of its space that it is between looking at a translation and storing through it, and
 * how the rest waits for that. A writer holds one slot for a few nanoseconds; nobody runs foreign code inside.
 */
@NullMarked
package io.quire.memory.guard;

import org.jspecify.annotations.NullMarked;
