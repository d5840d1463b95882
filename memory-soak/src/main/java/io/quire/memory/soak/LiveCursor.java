package io.quire.memory.soak;

import io.quire.memory.RunCursor;

/**
 * A cursor of the library beside what it has to show: the content at the moment it was opened.
 *
 * @param next the address that the next run has to begin at; one element
 */
record LiveCursor(RunCursor cursor, ModelSpace moment, long[] next, long end) {
}
