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
 * Reads a range of one moment, run by run. A run is pages that lie side by side in the pool, up to 2 MiB of them, as
 * one read-only segment.
 * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="runs"}
 * <p>
 * <b>One moment.</b> All runs show the space as it was in {@link AddressSpace#runs}. What is written meanwhile is not
 * seen, and costs the writer a copy of the page.
 * <p>
 * <b>Holes.</b> Pages that were never written come as zeros, in runs of up to 2 MiB too, and take no frame.
 * {@link #nextWritten()} skips them.
 * <p>
 * <b>Segments.</b> A segment is valid until {@link #next()}, {@link #nextWritten()} or {@link #close()}, and throws
 * afterwards. While native code uses the segment these three refuse, change nothing, and can be called again. While a
 * segment, or anything that was made of it, can be reached, its memory stays what it is, even if the cursor, the space
 * and the manager are unreachable. Without native access each run is a copy.
 * <p>
 * <b>Pages stay in place.</b> During a run the pages from its beginning on, 2 MiB of them at most, do not move: a
 * migration or an eviction reports them as pinned.
 * <p>
 * <b>Threads.</b> Only the thread that opened it may use it.
 *
 * @see WritableRunCursor
 */
public final class RunCursor implements AutoCloseable {

    /** As long as a huge page: the cost of beginning a run is lost in the cost of reading one. */
    private static final long LONGEST_RUN_BYTES = 2L << 20;

    private final Space snapshot;
    private final long end;
    private final Thread owner = Thread.currentThread();

    private long address;
    private long nextAddress;
    private @Nullable Arena arena;
    private MemorySegment memory = MemorySegment.NULL;
    private boolean closed;

    /** Keeps the manager reachable while this is: an unreachable manager is closed as forgotten. */
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
        return handle.inner().fork(true, "runs of " + handle.name(),
                snapshot -> of(handle.manager(), snapshot, address, sizeBytes));
    }

    private static RunCursor of(MemoryManager manager, Space snapshot, long address, long sizeBytes) {
        // Of the moment that the cursor shows, and before the snapshot is open: a refused cursor opens and counts nothing.
        snapshot.table().permissions().checkAllReadable(address, sizeBytes);
        RunCursor cursor = new RunCursor(manager, snapshot, address, sizeBytes);
        snapshot.watchedThroughCursor(cursor);
        return cursor;
    }

    /**
     * Goes to the next run. The segment of the current run ends.
     *
     * @return false if there is no further run
     * @throws SegmentInUseException while native code uses the segment of this run; the cursor stays where it is
     * @throws ClosedException after close
     * @throws WrongThreadException if the caller is not the thread that opened this
     */
    public boolean next() {
        check();
        StackRoom.require();
        endRun();
        return begin(nextAddress);
    }

    /**
     * Goes to the next run of pages that were written, and skips the holes before it: pages that were never written, or
     * were discarded. A page that somebody has written is no hole, even if it holds nothing but zeros. The time depends
     * on how many pages the range has, not on how many addresses.
     *
     * @return false if there is no further run of written pages
     * @throws SegmentInUseException while native code uses the segment of this run; the cursor stays where it is
     * @throws ClosedException after close
     * @throws WrongThreadException if the caller is not the thread that opened this
     */
    public boolean nextWritten() {
        check();
        StackRoom.require();
        endRun();
        return begin(Holes.end(snapshot.table().root(), nextAddress, end));
    }

    /** Begins the run at an address; false at the end of the range. */
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

    /** Returns where a hole ends: at its first page, or where the run is long enough. */
    private long endOfHole(long start) {
        long limit = Math.min(end, Geometry.pageStart(start) + FrameMemory.ZEROS_BYTES_MAX);
        return Math.min(limit,
                Holes.end(snapshot.table().root(), Geometry.pageStart(start) + Geometry.PAGE_BYTES, limit));
    }

    /** Returns the first address whose page does not lie behind the one before it in the pool. */
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

    /**
     * Returns the address of the first byte of this run.
     *
     * @return the address in the space; meaningless before the first {@link #next()}
     * @throws ClosedException after close
     * @throws WrongThreadException if the caller is not the thread that opened this
     */
    public long address() {
        check();
        return address;
    }

    /**
     * Returns the memory of this run.
     *
     * @return a read-only segment; empty before the first {@link #next()} and after the last run
     * @throws ClosedException after close
     * @throws WrongThreadException if the caller is not the thread that opened this
     */
    public MemorySegment memory() {
        check();
        return memory;
    }

    /**
     * Closes the cursor and its snapshot. Closing a closed cursor has no effect; a close that throws can be tried
     * again. Once the owner has ended any thread may close it. If the cursor and its segments become unreachable, it is
     * closed, and the log reports it.
     *
     * @throws WrongThreadException if the caller is another thread and the owner has not ended; the cursor stays open
     * @throws SegmentInUseException while native code uses the segment of this run; the cursor stays open
     */
    @Override
    public void close() {
        if (!Ownership.mayClose(owner)) {
            throw wrongThread();
        }
        if (Ownership.isCurrent(owner)) {
            endRun();
        }
        // If the owner has ended no thread can use its run any more, nor end it.
        closed = true;
        snapshot.close();
    }

    /** Ends the segment, if this is the owner's thread: no other thread can use the segment. */
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
