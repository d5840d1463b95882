package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.SegmentInUseException;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.Space;
import io.quire.memory.table.Geometry;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes a range, run by run. A run is pages that lie side by side in the pool, up to 256 KiB of them, as one
 * segment. What is written to a run is written to the space.
 * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="writable-runs"}
 * <p>
 * <b>Runs are pinned</b>, as by {@link Accessor#pin}, until the cursor goes beyond their 256 KiB or is closed. Their
 * pages get frames if they have none, and copies of their own if they are shared; they do not move; other threads may
 * read and write them at the same time.
 * <p>
 * <b>Forks.</b> A fork that is taken during a run copies the pinned pages for the child, up to 64, and is refused if
 * there are no frames for that. The child has all that was written before the fork, nothing that is written after it,
 * and any part of what is written to the run at the same time.
 * <p>
 * <b>No whole.</b> The range is not written all or nothing: if you stop half way, what was written stays.
 * <p>
 * <b>Segments.</b> Use a segment only until {@link #next()}, {@link #nextWritten()} or {@link #close()}. Used later, it
 * shows its page while that is pinned, and then throws.
 * <p>
 * <b>Threads.</b> Only the thread that opened it may use it. Needs native access. If the cursor and its segments become
 * unreachable while it is open, what it holds is given back, and the log reports it.
 *
 * @see RunCursor
 */
public final class WritableRunCursor implements AutoCloseable {

    private final Accessor accessor;
    private final Space space;
    private final long end;

    /** The pin of the current runs; null if there is none. */
    private @Nullable Pin pin;

    /** The runs of the pin. */
    private List<MemorySegment> segments = List.of();

    /** How many of the runs were shown. */
    private int shown;
    private long address;
    private long nextAddress;
    private MemorySegment memory = MemorySegment.NULL;
    private boolean closed;

    private WritableRunCursor(Accessor accessor, long address, long sizeBytes) {
        this.accessor = accessor;
        this.space = accessor.inner();
        this.nextAddress = address;
        this.end = address + sizeBytes;
    }

    static WritableRunCursor open(AddressSpace handle, long address, long sizeBytes) {
        Ranges.notNegative(sizeBytes);
        StackRoom.require();
        handle.inner().table().permissions().checkAllWritable(address, sizeBytes);
        if (!NativeAccess.ENABLED) {
            throw new UnsupportedOperationException("writable runs need native access: start Java with "
                    + "--enable-native-access=io.quire.memory, or ALL-UNNAMED on the class path");
        }
        return new WritableRunCursor(handle.accessor(), address, sizeBytes);
    }

    /**
     * Goes to the next run. Do not use the segment of the current run any more. If this is refused there is no current
     * run, and it can be called again.
     *
     * @return false if there is no further run
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the next run is not mapped any more
     * @throws io.quire.memory.contract.ProtectionException if a page of it may not be read and written any more
     * @throws io.quire.memory.contract.PinLimitException if a page is pinned as often as can be counted
     * @throws io.quire.memory.contract.PagesBusyException if a page that has to move to the host is pinned
     * @throws io.quire.memory.contract.OutOfFramesException if there are not enough frames
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws SegmentInUseException if the call comes from native code that uses a segment; the cursor stays where it
     *         is
     * @throws ClosedException after close of the cursor or the space
     * @throws WrongThreadException if the caller is not the thread that opened this
     */
    public boolean next() {
        return next(false);
    }

    /**
     * Goes to the next run of pages that were written before, and skips the holes before it: pages that were never
     * written, or were discarded. Holes get no frames.
     *
     * @return false if there is no further run of written pages
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the next run is not mapped any more
     * @throws io.quire.memory.contract.ProtectionException if a page of it may not be read and written any more
     * @throws io.quire.memory.contract.PinLimitException if a page is pinned as often as can be counted
     * @throws io.quire.memory.contract.PagesBusyException if a page that has to move to the host is pinned
     * @throws io.quire.memory.contract.OutOfFramesException if a shared page needs a copy and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws SegmentInUseException if the call comes from native code that uses a segment; the cursor stays where it
     *         is
     * @throws ClosedException after close of the cursor or the space
     * @throws WrongThreadException if the caller is not the thread that opened this
     */
    public boolean nextWritten() {
        return next(true);
    }

    private boolean next(boolean skipsHoles) {
        check();
        StackRoom.require();
        if (shown < segments.size()) {
            show();
            return true;
        }
        endRun();
        long start = skipsHoles ? Holes.end(space.table().root(), nextAddress, end) : nextAddress;
        if (start >= end) {
            nextAddress = end;
            return false;
        }
        long limit = Math.min(end, (start & -Geometry.LEAF_BYTES) + Geometry.LEAF_BYTES);
        long runEnd = skipsHoles ? Math.max(Holes.begin(space.table().root(), start, limit), start + 1) : limit;
        Pin run = accessor.pin(start, runEnd - start, PinTerm.SHORT, PinAccess.WRITE);
        pin = run;
        segments = run.segments();
        nextAddress = start;
        show();
        return true;
    }

    private void show() {
        memory = segments.get(shown);
        address = nextAddress;
        nextAddress += memory.byteSize();
        shown++;
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
     * @return a segment that can be read and written; empty before the first {@link #next()} and after the last run
     * @throws ClosedException after close
     * @throws WrongThreadException if the caller is not the thread that opened this
     */
    public MemorySegment memory() {
        check();
        return memory;
    }

    /**
     * Closes the cursor and ends its run. Closing a closed cursor has no effect; a close that throws can be tried
     * again. Once the owner has ended any thread may close it.
     *
     * @throws WrongThreadException if the caller is another thread and the owner has not ended; the cursor stays open
     * @throws SegmentInUseException if the call comes from native code that uses a segment; the cursor stays open
     */
    @Override
    public void close() {
        accessor.checkMayClose("a cursor");
        endRun();
        closed = true;
        accessor.close();
    }

    private void endRun() {
        if (pin != null) {
            pin.close();
        }
        pin = null;
        segments = List.of();
        shown = 0;
        memory = MemorySegment.NULL;
    }

    private void check() {
        accessor.checkOwner("a cursor");
        if (closed) {
            throw new ClosedException("cursor over " + space.describeName());
        }
    }

    @Override
    public String toString() {
        return "WritableRunCursor[" + space.name() + ", next=0x" + Long.toHexString(nextAddress) + ", end=0x"
                + Long.toHexString(end) + (closed ? ", closed" : "") + "]";
    }
}
