package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.SegmentInUseException;
import io.quire.memory.frame.FrameMemory;
import io.quire.memory.guard.Ownership;
import io.quire.memory.platform.SegmentScope;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.Space;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Hands the memory of a range to a loop in runs: pages that lie side by side in the pool, up to 2 MiB at a time, as
 * read-only segments. All runs are of one moment, that of {@link AddressSpace#runs}; what is written meanwhile is not
 * seen, and costs the writer a copy of the page.
 * <pre>{@code
 * try (RunCursor runs = space.runs(address, sizeBytes)) {
 *     while (runs.next()) {
 *         MemorySegment memory = runs.memory();
 *         for (long i = 0; i < memory.byteSize(); i += Long.BYTES) {
 *             sum += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, i);
 *         }
 *     }
 * }
 * }</pre>
 * Pages that were never written are holes: they come as zeros, in runs of up to 2 MiB too, and take no frame. Where
 * zeros are of no interest, {@link #nextWritten()} skips them. As long as there is a run, the pages of the range from
 * its beginning on, 2 MiB at most, stay where they are: a migration or an eviction reports them as pinned. To write to
 * runs, see {@link WritableRunCursor}.
 * <p>
 * Owned by the thread that opened it. A segment is valid until {@link #next()}, {@link #nextWritten()} or
 * {@link #close()}, and throws afterwards. These are refused while native code uses the segment, change nothing then,
 * and can be called again. As long as a segment, or anything that was made of it, can be reached, its memory stays what
 * it is, also if nobody can reach the cursor, the space and the manager any more. Without native access each run is a
 * copy.
 */
public final class RunCursor implements AutoCloseable {

    /** As long as a huge page: what it costs to begin a run is lost in what it costs to read one. */
    private static final long LONGEST_RUN_BYTES = 2L << 20;

    private final Space snapshot;
    private final long end;
    private final Thread owner = Thread.currentThread();

    private long address;
    private long nextAddress;
    private @Nullable Arena arena;
    private MemorySegment memory = MemorySegment.NULL;
    private boolean closed;

    /** Kept reachable, or it would be closed as forgotten. */
    @SuppressWarnings("UnusedVariable")
    private final MemoryManager manager;

    private RunCursor(MemoryManager manager, Space snapshot, long address, long sizeBytes) {
        this.manager = manager;
        this.snapshot = snapshot;
        this.nextAddress = address;
        this.end = address + sizeBytes;
    }

    static RunCursor open(AddressSpace handle, long address, long sizeBytes) {
        Ranges.notNegative(sizeBytes);
        RunCursor cursor = handle.inner().fork(true, "runs of " + handle.name(),
                snapshot -> of(handle.manager(), snapshot, address, sizeBytes));
        boolean opened = false;
        try {
            cursor.snapshot.table().permissions().checkAllReadable(address, sizeBytes);
            opened = true;
            return cursor;
        } finally {
            if (!opened) {
                cursor.snapshot.close();
            }
        }
    }

    private static RunCursor of(MemoryManager manager, Space snapshot, long address, long sizeBytes) {
        RunCursor cursor = new RunCursor(manager, snapshot, address, sizeBytes);
        snapshot.watchedThroughCursor(cursor);
        return cursor;
    }

    /**
     * Goes to the next run. The segment of this one cannot be used any more.
     *
     * @return false if there is none
     * @throws SegmentInUseException while native code uses the segment of this run; the cursor stays where it is
     * @throws ClosedException after close
     * @throws WrongThreadException if the caller is not the thread that opened it
     */
    public boolean next() {
        check();
        StackRoom.require();
        endRun();
        return begin(nextAddress);
    }

    /**
     * Goes to the next run of pages that were written, and skips the holes before it: pages that were never written, or
     * were discarded. A page that holds nothing but zeros is no hole if somebody has written it. How long this takes
     * depends on how many pages the range has, and not on how many addresses.
     *
     * @return false if there is none
     * @throws SegmentInUseException while native code uses the segment of this run; the cursor stays where it is
     * @throws ClosedException after close
     * @throws WrongThreadException if the caller is not the thread that opened it
     */
    public boolean nextWritten() {
        check();
        StackRoom.require();
        endRun();
        return begin(Holes.end(snapshot.table().root(), nextAddress, end));
    }

    /** Begins a run at an address; there is none at the end of the range. */
    private boolean begin(long start) {
        if (start >= end) {
            nextAddress = end;
            return false;
        }
        long farthest = Geometry.pageStart(end - 1) + Geometry.PAGE_BYTES;
        snapshot.keepInPlace(Geometry.pageStart(start),
                Math.min(Geometry.pageStart(start) + LONGEST_RUN_BYTES, farthest));
        long offset = snapshot.machine().faultPath().offsetForRead(snapshot.state(), start);
        boolean isHole = snapshot.machine().faultPath().isZero(offset);
        long runEnd = isHole ? endOfHole(start) : endOfRun(start, offset);
        Arena run = Arena.ofConfined();
        FrameMemory.keep(this, run);
        memory = isHole ? FrameMemory.zeros(runEnd - start, run)
                : snapshot.table().memory().readOnly(offset, runEnd - start, run);
        arena = run;
        address = start;
        nextAddress = runEnd;
        return true;
    }

    /** The first address behind a hole that has a page; or where the run is long enough. */
    private long endOfHole(long start) {
        long limit = Math.min(end, Geometry.pageStart(start) + FrameMemory.ZEROS_BYTES_MAX);
        return Math.min(limit,
                Holes.end(snapshot.table().root(), Geometry.pageStart(start) + Geometry.PAGE_BYTES, limit));
    }

    /** The first address whose page does not lie behind the one before it in the pool. */
    private long endOfRun(long first, long offset) {
        long start = Geometry.pageStart(first);
        long limit = Math.min(end, start + LONGEST_RUN_BYTES);
        long frame = Geometry.pageStart(offset);
        long[] leaf = leaf(first);
        long runEnd = start + Geometry.PAGE_BYTES;
        for (; runEnd < limit; runEnd += Geometry.PAGE_BYTES) {
            if (Geometry.pageIndex(runEnd) == 0) {
                leaf = leaf(runEnd);
            }
            frame += Geometry.PAGE_BYTES;
            long entry = leaf == null ? Entry.ABSENT : Leaf.entry(leaf, Geometry.pageIndex(runEnd));
            if (!Entry.isReadable(entry) || Entry.offset(entry) != frame) {
                break;
            }
        }
        return Math.min(runEnd, limit);
    }

    private long @Nullable [] leaf(long ofAddress) {
        LeafDirectory directory = snapshot.table().root().directory(ofAddress);
        return directory == null ? null : directory.leaf(Geometry.leafIndex(ofAddress));
    }

    /** The address of the first byte of this run. */
    public long address() {
        check();
        return address;
    }

    /** The memory of this run; empty before the first {@link #next()} and after the last. */
    public MemorySegment memory() {
        check();
        return memory;
    }

    /**
     * Gives the snapshot up. Closing it again has no effect; a close that throws can be tried again. Once the owner has
     * ended, any thread may close it; and if nobody can reach it any more, nor a segment of it, that is done, and
     * reported in the log.
     *
     * @throws WrongThreadException if the caller is another thread and the owner has not ended; it stays open
     * @throws SegmentInUseException while native code uses the segment of this run; it stays open
     */
    @Override
    public void close() {
        if (!Ownership.mayClose(owner)) {
            throw wrongThread();
        }
        if (Ownership.isCurrent(owner)) {
            endRun();
        }
        // Of an owner that has ended nobody can use a run any more, nor end it.
        closed = true;
        snapshot.close();
    }

    /** For anybody but the owner there is nothing to end: the segment is of use to its thread alone. */
    private void endRun() {
        if (arena != null && Ownership.isCurrent(owner)) {
            SegmentScope.end(arena, this);
        }
        arena = null;
        memory = MemorySegment.NULL;
    }

    private void check() {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        if (closed) {
            throw new ClosedException("cursor over " + snapshot.describeName());
        }
    }

    private WrongThreadException wrongThread() {
        return Ownership.violation("the cursor over " + snapshot.describeName(), owner);
    }

    @Override
    public String toString() {
        return "RunCursor[" + snapshot.name() + ", next=0x" + Long.toHexString(nextAddress) + ", end=0x"
                + Long.toHexString(end) + (closed ? ", closed" : "") + "]";
    }
}
