package io.quire.memory.table;

import org.jspecify.annotations.Nullable;

/**
 * The pages of a space that must stay where they are: those that a cursor may be reading, and those of ranges that a
 * thread is about to write. Used under the lock of the table.
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

        /** A range of whole pages. */
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

    /** Keeps a range that a cursor may be reading, in place of the one before. */
    public void keepForCursor(long from, long to) {
        cursorFrom = from;
        cursorTo = to;
    }

    /** True if a cursor may be reading a page. */
    public boolean isReadByCursor(long page) {
        return cursorFrom <= page && page < cursorTo;
    }

    /** True if a cursor may be reading anything. */
    public boolean hasCursor() {
        return cursorFrom < cursorTo;
    }

    /** Keeps the pages of a range where they are. Pages in private memory may still come home, and then stay. */
    public void add(WriteRange range) {
        range.next = first;
        first = range;
    }

    /** Lets the pages of a range move again. */
    @SuppressWarnings("ReferenceEquality") // two threads may write the same range
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

    /** True if a page belongs to a range that is being written. */
    public boolean isBeingWritten(long page) {
        for (WriteRange range = first; range != null; range = range.next) {
            if (range.from <= page && page < range.to) {
                return true;
            }
        }
        return false;
    }

    /** The pages of a leaf that must stay where they are, as a set of {@link LeafPages}. */
    public long pagesOf(long leafStart) {
        long kept = LeafPages.between(leafStart, cursorFrom, cursorTo);
        for (WriteRange range = first; range != null; range = range.next) {
            kept |= LeafPages.between(leafStart, range.from, range.to);
        }
        return kept;
    }
}
