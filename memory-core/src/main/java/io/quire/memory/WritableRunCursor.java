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
 * Hands the memory of a range to a loop that writes it, in runs: pages that lie side by side in the pool, up to 256 KiB
 * at a time, as segments that can be read and written. What is written to a run is written to the space.
 * <pre>{@code
 * try (WritableRunCursor runs = space.writableRuns(address, sizeBytes)) {
 *     while (runs.next()) {
 *         runs.memory().fill((byte) -1);
 *     }
 * }
 * }</pre>
 * A run is pinned, as by {@link Accessor#pin}, until the cursor goes beyond its 256 KiB or is closed: its pages get frames
 * if they have none, and copies of their own if they are shared; they do not move; and others may read and write them at
 * the same time. A fork that is taken meanwhile copies the pinned pages for the child, up to 64, and is refused if there
 * are no frames for that. Of what is written to a run while the fork is taken the child may have any part; of what was
 * written before, all; of what is written afterwards, nothing. A range is not written as a whole: who stops half way
 * leaves what was written until then.
 * <p>
 * Owned by the thread that opened it. A segment is to be used until {@link #next()}, {@link #nextWritten()} or
 * {@link #close()} only; used later it shows its page as long as that is pinned, and then throws. Needs native access.
 * Once nobody can reach the cursor any more, nor a segment of it, what it holds is given back, and reported in the log.
 */
public final class WritableRunCursor implements AutoCloseable {

    private final Accessor accessor;
    private final Space space;
    private final long end;

    /** What holds the runs at hand; null if there is none. */
    private @Nullable Pin pin;

    /** The runs of the pin. */
    private List<MemorySegment> segments = List.of();

    /** How many of them were shown. */
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
            throw new UnsupportedOperationException("runs that can be written need native access: start Java with "
                    + "--enable-native-access=io.quire.memory, or ALL-UNNAMED on the class path");
        }
        return new WritableRunCursor(handle.accessor(), address, sizeBytes);
    }

    /**
     * Goes to the next run. The segment of this one must not be used any more. If it is refused there is no run, and it
     * can be called again.
     *
     * @return false if there is none
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the next run is not mapped any more
     * @throws io.quire.memory.contract.ProtectionException if a page of it may not be read and written any more
     * @throws io.quire.memory.contract.PinLimitException if a page is pinned as often as can be counted
     * @throws io.quire.memory.contract.PagesBusyException if a page that has to move to the host is pinned
     * @throws io.quire.memory.contract.OutOfFramesException if there are not enough frames
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws SegmentInUseException if it is called from within native code that uses a segment; the cursor stays where it
     *         is
     * @throws ClosedException after close of the cursor or the space
     * @throws WrongThreadException if the caller is not the thread that opened it
     */
    public boolean next() {
        return next(false);
    }

    /**
     * Goes to the next run of pages that were written before, and skips holes: pages that were never written, or were
     * discarded. They get no frames. Else as {@link #next()}.
     *
     * @return false if there is none
     * @throws ClosedException after close of the cursor or the space
     * @throws WrongThreadException if the caller is not the thread that opened it
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
     * Ends the run, and the cursor. Closing it again has no effect; a close that throws can be tried again. Once the
     * owner has ended, any thread may close it.
     *
     * @throws WrongThreadException if the caller is another thread and the owner has not ended; it stays open
     * @throws SegmentInUseException if it is called from within native code that uses a segment; it stays open
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
