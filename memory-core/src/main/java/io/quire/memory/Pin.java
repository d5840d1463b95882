package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.frame.FrameMemory;
import io.quire.memory.frame.FramePool;
import io.quire.memory.guard.Ownership;
import io.quire.memory.space.PageStates;
import io.quire.memory.space.Pinned;
import io.quire.memory.table.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Pages held in their frames: as long as the pin is open they do not move, and their frames have no other use, even if
 * the range is unmapped or the space closed. What the space writes to the pages shows in {@link #segments()}, and the
 * other way round. A fork gets copies of its own.
 * <p>
 * A pin of an {@link AddressSpace} may be used and closed by any thread, one of an {@link Accessor} by its thread.
 */
public final class Pin implements AutoCloseable {

    private final Pinned pinned;
    private final long start;
    private final long sizeBytes;

    /** The only thread that may use it; null if any may. */
    private final @Nullable Thread owner;
    private volatile boolean closed;

    // Made and ended under the lock of the space.
    private @Nullable Arena arena;
    private List<MemorySegment> segments = List.of();

    Pin(Pinned pinned, long start, long sizeBytes, @Nullable Thread owner) {
        this.pinned = pinned;
        this.start = start;
        this.sizeBytes = sizeBytes;
        this.owner = owner;
    }

    /** The first address. */
    public long address() {
        return start;
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    public PinTerm term() {
        return pinned.term();
    }

    public PinAccess access() {
        return pinned.access();
    }

    /**
     * The memory of the range, in ascending order of addresses; pages that lie side by side are one segment. The
     * segments throw when they are used after the pin was closed. They are read-only for a pin that reads.
     *
     * @throws ClosedException after close
     * @throws WrongThreadException if it is one of an accessor and the caller another thread
     * @throws UnsupportedOperationException without native access, where the life of a segment cannot be shortened
     */
    public List<MemorySegment> segments() {
        checkOwner();
        if (!pinned.space().whilePinned(pinned, this::makeViews)) {
            throw closed();
        }
        return segments;
    }

    private void makeViews() {
        if (arena == null) {
            Arena mine = owner == null ? Arena.ofShared() : Arena.ofConfined();
            segments = views(mine);
            arena = mine;
        }
    }

    private List<MemorySegment> views(Arena mine) {
        FrameMemory memory = pinned.space().memory();
        List<MemorySegment> views = new ArrayList<>();
        long skip = Geometry.pageOffset(start);
        long left = sizeBytes;
        for (int page = 0; page < pinned.pages();) {
            int next = page + 1;
            while (next < pinned.pages()
                    && pinned.frame(next) == pinned.frame(next - 1) + FramePool.FRAME_BYTES) {
                next++;
            }
            long length = Math.min(left, ((long) (next - page) << Geometry.PAGE_SHIFT) - skip);
            MemorySegment view = memory.view(pinned.frame(page) + skip, length, mine);
            views.add(pinned.access() == PinAccess.WRITE ? view : view.asReadOnly());
            left -= length;
            skip = 0;
            page = next;
        }
        return List.copyOf(views);
    }

    /** Where a pinned page is: a short-term pin may hold one of a device. */
    public PageState state(long address) {
        checkOpen();
        Objects.checkIndex(address - start, sizeBytes);
        return PageStates.of(pinned, address);
    }

    /**
     * Ends the pin. The segments cannot be used any more.
     *
     * @throws ClosedException if it is closed already
     * @throws WrongThreadException if it is one of an accessor and the caller another thread; the pin stays open
     */
    @Override
    public void close() {
        checkOwner();
        if (!pinned.space().unpin(pinned, this::endViews)) {
            throw closed();
        }
        closed = true;
    }

    private void endViews() {
        if (arena != null) {
            arena.close();
        }
    }

    private void checkOwner() {
        if (owner != null && !Ownership.isCurrent(owner)) {
            throw Ownership.violation("a pin of " + pinned.space().describeName(), owner);
        }
    }

    private void checkOpen() {
        if (closed) {
            throw closed();
        }
    }

    private ClosedException closed() {
        return new ClosedException("pin of " + pinned.space().describeName());
    }

    @Override
    public String toString() {
        return "Pin[" + pinned + (closed ? ", closed" : "") + "]";
    }
}
