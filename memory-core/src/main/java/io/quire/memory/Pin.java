package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.frame.FrameMemory;
import io.quire.memory.frame.FramePool;
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
    private final int use;
    private final long start;
    private final long sizeBytes;
    private final PinTerm term;
    private final PinAccess access;

    /** Its thread is the only one that may use this; null if any may. */
    private final @Nullable Accessor accessor;

    Pin(Pinned pinned, long start, long sizeBytes, @Nullable Accessor accessor) {
        this.pinned = pinned;
        this.use = pinned.use();
        this.start = start;
        this.sizeBytes = sizeBytes;
        this.term = pinned.term();
        this.access = pinned.access();
        this.accessor = accessor;
    }

    /** The first address. */
    public long address() {
        return start;
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    public PinTerm term() {
        return term;
    }

    public PinAccess access() {
        return access;
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
        if (accessor != null) {
            checkOwner();
            checkOpen();
            return views();
        }
        List<MemorySegment> views = pinned.space().whilePinned(pinned, use, this::views);
        if (views == null) {
            throw closed();
        }
        return views;
    }

    private List<MemorySegment> views() {
        if (pinned.views().isEmpty()) {
            Arena mine = accessor == null ? Arena.ofShared() : Arena.ofConfined();
            pinned.show(mine, views(mine));
        }
        return pinned.views();
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
            views.add(access == PinAccess.WRITE ? view : view.asReadOnly());
            left -= length;
            skip = 0;
            page = next;
        }
        return List.copyOf(views);
    }

    /**
     * Where a pinned page is: a short-term pin may hold one of a device.
     *
     * @throws ClosedException after close
     * @throws WrongThreadException if it is one of an accessor and the caller another thread
     * @throws IndexOutOfBoundsException if the address is not in the range
     */
    public PageState state(long address) {
        checkOwner();
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
        boolean ended = accessor != null ? accessor.unpin(pinned, use)
                : SlowPath.unpin(pinned.space(), pinned, use);
        if (!ended) {
            throw closed();
        }
    }

    private void checkOwner() {
        if (accessor != null) {
            accessor.checkOwner("a pin");
        }
    }

    private void checkOpen() {
        if (!pinned.isOpen(use)) {
            throw closed();
        }
    }

    private ClosedException closed() {
        return new ClosedException("pin of " + pinned.space().describeName());
    }

    @Override
    public String toString() {
        return "Pin[" + (pinned.isOpen(use) ? pinned : "closed, space=" + pinned.space().describeName()
                + ", address=0x" + Long.toHexString(start) + ", sizeBytes=" + sizeBytes + ", " + term + ", " + access)
                + "]";
    }
}
