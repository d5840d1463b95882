package io.quire.memory.structure;

import io.quire.memory.contract.StructureFullException;
import io.quire.memory.table.Geometry;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The records of a log, in a ring of pages. A position counts bytes since the log was created, so it grows for ever;
 * its place in the ring is its remainder. Three words of the header tell what the log has:
 * <pre>
 *     40  END       the position behind the last record
 *     48  FIRST     the position of the first record that was not cut, or END
 *     56  RETURNED  the pages before this position were given back, or used again
 *
 *            RETURNED        FIRST                                END
 *   ------------+---------------+----------------------------------+-----------------
 *    given back | cut           | word, bytes | word, bytes | ...  | the next record
 *   ------------+---------------+----------------------------------+-----------------
 * </pre>
 * END and FIRST are multiples of 8 and at most the size of the ring apart. A change is one store of one of them, so a
 * fork and an {@link Error} at any point leave a whole log. Any thread may read; {@link #append} and {@link #cut} are
 * for the holder of the lock.
 */
final class LogRing {

    /** In place of a length: the record was cut. */
    static final int CUT = -1;

    /** In place of a length: no record begins at the position. */
    static final int NONE = -2;

    /** The largest ring: a power of two, like every ring. */
    static final long BYTES_MAX = Long.highestOneBit(Extent.DATA_BYTES_MAX);

    /** A log that takes a gigabyte a second gets there after more than a hundred years. */
    private static final long POSITION_MAX = 1L << 62;

    /** Giving pages back costs a barrier on all processors, which does not pay for fewer bytes. */
    private static final long WORTH_DISCARDING = 16 * Extent.PAGE_BYTES;

    private static final int END_AT = Extent.KIND_AT;
    private static final int FIRST_AT = END_AT + Long.BYTES;
    private static final int RETURNED_AT = FIRST_AT + Long.BYTES;

    private final Extent extent;
    private final long bytes;

    LogRing(Extent extent) {
        this.extent = extent;
        this.bytes = extent.dataBytes();
    }

    long bytes() {
        return bytes;
    }

    /** The most bytes that a record can have. */
    int recordBytesMax() {
        return (int) Math.min(bytes - RecordWord.BYTES, Integer.MAX_VALUE - RecordWord.BYTES);
    }

    // ---- readers

    /** The position behind the last record. All records before it are visible. */
    long end() {
        // ORDER(log-appended) acquire: the bytes of each record that lies before.
        return checked(extent.getAcquire(END_AT));
    }

    long first() {
        return checked(extent.getAcquire(FIRST_AT));
    }

    private long checked(long position) {
        if (position < 0 || position > POSITION_MAX || position % RecordWord.BYTES != 0) {
            throw extent.damaged("a position is impossible: position=" + position);
        }
        return position;
    }

    /** How far the end was behind the first record at one moment. */
    long usedBytes() {
        while (true) {
            long first = first();
            long end = end();
            VarHandle.loadLoadFence();
            if (first() == first) { // so it was the first one when the end was read
                return used(first, end);
            }
        }
    }

    private long used(long first, long end) {
        long used = end - first;
        if (used < 0 || used > bytes) {
            throw extent.damaged("its positions contradict each other: first=" + first + ", end=" + end + ", ringBytes="
                    + bytes);
        }
        return used;
    }

    /** Returns the length of the record at a position, {@link #CUT}, or {@link #NONE}. */
    int find(long position) {
        long end = end();
        if (position % RecordWord.BYTES != 0 || position < 0 || position >= end) {
            return NONE;
        }
        long word = extent.memory().getLong(placeOf(position));
        if (isCut(position)) {
            return CUT;
        }
        if (!RecordWord.isOf(word, extent.identity(), position)) {
            return NONE;
        }
        int length = RecordWord.length(word);
        if (length < 0 || RecordWord.stride(length) > Math.min(end - position, bytes)) {
            throw extent.damaged("a record is longer than the log: position=" + position + ", length=" + length
                    + ", end=" + end);
        }
        return length;
    }

    /** True if the record at a position was cut, so that what was read of it may be something else. */
    boolean isCut(long position) {
        // ORDER(log-cut) fence: a thread that saw what was written over a record sees here that it was cut before.
        VarHandle.loadLoadFence();
        return first() > position;
    }

    /** Copies the bytes of a record out. */
    void read(long position, MemorySegment target, long targetOffset, long length) {
        long begin = position + RecordWord.BYTES;
        long part = Math.min(length, untilWrap(begin));
        extent.memory().copyTo(placeOf(begin), target, targetOffset, part);
        if (part < length) {
            extent.memory().copyTo(placeOf(begin + part), target, targetOffset + part, length - part);
        }
    }

    // ---- the writer

    /**
     * Adds a record. If this throws the log is as it was, except that an Error may come out of the last store after
     * that was done.
     *
     * @return its position
     */
    long append(MemorySegment record) {
        extent.checkIdentity();
        long first = first();
        long end = end();
        long stride = RecordWord.stride(record.byteSize());
        if (stride > bytes - used(first, end)) {
            throw new StructureFullException(extent.toString(), stride, end - first, extent.sizeBytes());
        }
        try {
            write(end, record);
            // ORDER(log-appended) release: first the record, then the end that makes it part of the log.
            extent.setRelease(END_AT, end + stride);
        } catch (Throwable refused) {
            giveBack(first, end, stride);
            throw refused;
        }
        return end;
    }

    private void write(long position, MemorySegment record) {
        long length = record.byteSize();
        long begin = position + RecordWord.BYTES;
        long part = Math.min(length, untilWrap(begin));
        extent.memory().setLong(placeOf(position), RecordWord.of(extent.identity(), position, (int) length));
        extent.memory().copyFrom(record, 0, placeOf(begin), part);
        if (part < length) {
            extent.memory().copyFrom(record, part, placeOf(begin + part), length - part);
        }
    }

    /** Gives back the pages of a record that did not become part of the log, if there are many. */
    private void giveBack(long first, long end, long stride) {
        long from = pageAfter(end);
        long to = Math.min(Geometry.pageStart(end + stride), Geometry.pageStart(first + bytes));
        try {
            if (to - from >= WORTH_DISCARDING && end() == end) { // an Error may have come after the store
                discard(from, to);
            }
        } catch (Throwable kept) {
            return; // for example, a device does not let go of them; the next records use them
        }
    }

    /**
     * Takes the records before a position away. If this throws the log is as it was.
     *
     * @param position of a record, or the end
     */
    void cut(long position) {
        long first = first();
        long end = end();
        long returned = checked(extent.get(RETURNED_AT));
        if (used(first, end) < position - first || returned > first || Geometry.pageOffset(returned) != 0) {
            throw extent.damaged("its positions contradict each other: returned=" + returned + ", first=" + first
                    + ", cut=" + position + ", end=" + end);
        }
        extent.setRelease(FIRST_AT, position);
        // ORDER(log-cut) fence: first the cut is seen, then what is written over the records.
        VarHandle.storeStoreFence();
        try {
            // The pages from here to the first record are in use for no record of the next round.
            long from = Math.max(returned, pageAfter(Math.max(0, end - bytes)));
            long to = Geometry.pageStart(position);
            if (to - from >= WORTH_DISCARDING) {
                discard(from, to);
                extent.set(RETURNED_AT, to);
            }
        } catch (Throwable later) {
            return; // a device failed, say; the next cut gives these pages back, too
        }
    }

    /** Gives back whole pages; at most as many as the ring has. */
    private void discard(long from, long to) {
        long part = Math.min(to - from, untilWrap(from));
        extent.discard(from & bytes - 1, part);
        extent.discard(from + part & bytes - 1, to - from - part);
    }

    // ---- places

    private long placeOf(long position) {
        return extent.dataAt(position & bytes - 1);
    }

    /** How many bytes from a position on lie side by side. */
    private long untilWrap(long position) {
        return bytes - (position & bytes - 1);
    }

    private static long pageAfter(long position) {
        return Geometry.pageStart(position + Extent.PAGE_BYTES - 1);
    }
}
