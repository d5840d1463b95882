package io.quire.memory.table;

import org.jspecify.annotations.Nullable;

/**
 * The pages of a space that may not move just now: those that a cursor may be reading, and those of ranges that are
 * about to be written. Under the lock of the table.
 */
public final class KeptPages {

    private long cursorFrom;
    private long cursorTo;
    private @Nullable WriteRange first;

    KeptPages() {
    }

    /** A range that is being written, in the list of its table. */
    public static final class WriteRange {

        private final long from;
        private final long to;
        private @Nullable WriteRange next;

        /** Of whole pages. */
        public WriteRange(long from, long to) {
            this.from = from;
            this.to = to;
        }

        public long from() {
            return from;
        }

        public long to() {
            return to;
        }
    }

    /** What a cursor may be reading, until this is called again. */
    public void keepForCursor(long from, long to) {
        cursorFrom = from;
        cursorTo = to;
    }

    /** Whether a cursor may be reading a page. */
    public boolean isReadByCursor(long page) {
        return cursorFrom <= page && page < cursorTo;
    }

    /** Whether a cursor may be reading anything. */
    public boolean hasCursor() {
        return cursorFrom < cursorTo;
    }

    /** Keeps the pages of a range where they are, as soon as they are within reach of the processor. */
    public void add(WriteRange range) {
        range.next = first;
        first = range;
    }

    /** Ends that. */
    @SuppressWarnings("ReferenceEquality") // the very same, for two may be equal
    public void remove(WriteRange range) {
        WriteRange before = null;
        for (WriteRange one = first; one != null; one = one.next) {
            if (one == range) {
                unlink(before, one);
                return;
            }
            before = one;
        }
    }

    private void unlink(@Nullable WriteRange before, WriteRange range) {
        if (before == null) {
            first = range.next;
        } else {
            before.next = range.next;
        }
    }

    /** Whether a page belongs to a range that is being written. */
    public boolean isBeingWritten(long page) {
        for (WriteRange range = first; range != null; range = range.next) {
            if (range.from <= page && page < range.to) {
                return true;
            }
        }
        return false;
    }

    /** The pages of a leaf that may not move, as {@link LeafPages}. */
    public long pagesOf(long leafStart) {
        long kept = LeafPages.between(leafStart, cursorFrom, cursorTo);
        for (WriteRange range = first; range != null; range = range.next) {
            kept |= LeafPages.between(leafStart, range.from, range.to);
        }
        return kept;
    }
}
