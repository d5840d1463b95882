/**
 * Locks, waits, thread ownership, and writer slots. A writer slot says that a thread is between looking at a
 * translation and storing through it; other threads can wait for its end. A thread holds a slot for a few nanoseconds
 * and runs no foreign code meanwhile.
 */
@NullMarked
package io.quire.memory.guard;

import org.jspecify.annotations.NullMarked;
