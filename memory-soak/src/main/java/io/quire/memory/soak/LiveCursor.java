package io.quire.memory.soak;

import io.quire.memory.RunCursor;

/** A cursor of the library, and what it has to show: the content at the moment when it was opened. */
final class LiveCursor {

    final RunCursor cursor;
    final ModelSpace moment;
    final long end;

    /** The address at which the next run has to begin. */
    long next;

    LiveCursor(RunCursor cursor, ModelSpace moment, long start, long end) {
        this.cursor = cursor;
        this.moment = moment;
        this.next = start;
        this.end = end;
    }

    @Override
    public String toString() {
        return cursor.toString();
    }
}
