package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.guard.Ownership;
import io.quire.memory.space.Space;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Hands the memory of a range to a loop in runs: pages that lie side by side in the pool, up to 256 KiB at a time, as
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
 * Owned by the thread that opened it. A segment is valid until {@link #next()} or {@link #close()}, and throws
 * afterwards. Without native access each run is a copy.
 */
public final class RunCursor implements AutoCloseable {

    private final Space snapshot;
    private final long end;
    private final Thread owner = Thread.currentThread();

    private long address;
    private long nextAddress;
    private @Nullable Arena arena;
    private MemorySegment memory = MemorySegment.NULL;
    private boolean closed;

    private RunCursor(Space snapshot, long address, long sizeBytes) {
        this.snapshot = snapshot;
        this.nextAddress = address;
        this.end = address + sizeBytes;
    }

    static RunCursor open(Space space, long address, long sizeBytes) {
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("a size cannot be negative: sizeBytes=" + sizeBytes);
        }
        Space snapshot = space.fork(true, "runs of " + space.name());
        try {
            snapshot.checkAllReadable(address, sizeBytes);
            return new RunCursor(snapshot, address, sizeBytes);
        } catch (RuntimeException refused) {
            snapshot.close();
            throw refused;
        }
    }

    /**
     * Goes to the next run.
     *
     * @return false if there is none
     */
    public boolean next() {
        check();
        endRun();
        if (nextAddress >= end) {
            return false;
        }
        address = nextAddress;
        long offset = snapshot.offsetForRead(address);
        nextAddress = endOfRun();
        arena = Arena.ofConfined();
        memory = snapshot.memory().readOnly(offset, nextAddress - address, arena);
        return true;
    }

    /** The first address from which on memory lies elsewhere in the pool, in the same leaf. */
    private long endOfRun() {
        long limit = Math.min(end, (address | (Geometry.LEAF_BYTES - 1)) + 1);
        long runEnd = Geometry.pageStart(address) + Geometry.PAGE_BYTES;
        LeafDirectory directory = snapshot.root().directory(address);
        long[] leaf = directory == null ? null : directory.leaf(Geometry.leafIndex(address));
        if (leaf != null && Entry.isPresent(Leaf.entry(leaf, Geometry.pageIndex(address)))) {
            long frame = Entry.offset(Leaf.entry(leaf, Geometry.pageIndex(address)));
            while (runEnd < limit) {
                long entry = Leaf.entry(leaf, Geometry.pageIndex(runEnd));
                frame += Geometry.PAGE_BYTES;
                if (!Entry.isPresent(entry) || Entry.offset(entry) != frame) {
                    break;
                }
                runEnd += Geometry.PAGE_BYTES;
            }
        }
        return Math.min(runEnd, limit);
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

    /** Gives the snapshot up. Closing it again has no effect. */
    @Override
    public void close() {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        if (!closed) {
            closed = true;
            endRun();
            snapshot.close();
        }
    }

    private void endRun() {
        if (arena != null) {
            arena.close();
            arena = null;
            memory = MemorySegment.NULL;
        }
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
