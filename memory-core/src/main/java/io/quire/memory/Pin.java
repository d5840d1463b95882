package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.SegmentInUseException;
import io.quire.memory.frame.FrameMemory;
import io.quire.memory.frame.FramePool;
import io.quire.memory.guard.Ownership;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.pin.SharedViews;
import io.quire.memory.platform.SegmentScope;
import io.quire.memory.space.PageStates;
import io.quire.memory.table.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
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

    private final PinRecord pinned;
    private final int use;
    private final long start;
    private final long sizeBytes;
    private final PinTerm term;
    private final PinAccess access;

    /** Its thread is the only one that may use this; null if any may. */
    private final @Nullable Accessor accessor;

    /** The space it was taken of, kept reachable; null if the accessor does that. */
    @SuppressWarnings("UnusedVariable")
    private final @Nullable AddressSpace handle;

    // Under the lock of the space, or by the accessor's thread.
    private List<MemorySegment> segments = List.of();
    private @Nullable Arena arena;
    private @Nullable SharedViews shared;

    Pin(PinRecord pinned, long start, long sizeBytes, PinTerm term, PinAccess access, @Nullable AddressSpace handle,
            @Nullable Accessor accessor) {
        this.pinned = pinned;
        this.use = pinned.use();
        this.start = start;
        this.sizeBytes = sizeBytes;
        this.term = term;
        this.access = access;
        this.handle = handle;
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
     * The memory of the range, in ascending order of addresses; pages that lie side by side are one segment. They are
     * read-only for a pin that reads.
     * <p>
     * They may be used until the pin is closed, and throw {@link IllegalStateException} afterwards. Those of a pin by an
     * accessor throw at once. Those of a pin by a space throw at the latest when the library wants the pages for
     * something else and no short-term pin that was opened later still shows its own; until then they still show the
     * pages, which stay held: never what belongs to somebody else. To end them at once would stop every thread of the
     * process for a moment. With leak tracking that is done, so that a mistake is found where it is made.
     * <p>
     * As long as a segment can be reached, or a slice or buffer of it, the pin stays open and its memory mapped, also if
     * nobody can reach the pin, the space and the manager any more.
     *
     * @throws ClosedException after close
     * @throws WrongThreadException if it is one of an accessor and the caller another thread
     * @throws UnsupportedOperationException without native access, where the life of a segment cannot be shortened
     */
    public List<MemorySegment> segments() {
        if (accessor != null) {
            checkOwner();
            checkOpen();
            return ownSegments();
        }
        List<MemorySegment> shown = pinned.list().whilePinned(pinned, use, this::sharedSegments);
        if (shown == null) {
            throw closed();
        }
        return shown;
    }

    private List<MemorySegment> ownSegments() {
        if (arena == null) {
            Arena mine = Arena.ofConfined();
            segments = segments(mine);
            FrameMemory.keep(this, mine);
            pinned.shows(mine);
            arena = mine;
        }
        return segments;
    }

    private List<MemorySegment> sharedSegments() {
        if (shared == null) {
            SharedViews.Shown shown = pinned.list().show(pinned, this, this::segments);
            segments = shown.segments();
            shared = shown.views();
        }
        return segments;
    }

    private List<MemorySegment> segments(Arena mine) {
        FrameMemory memory = pinned.list().table().memory();
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
     * Ends the pin. The {@link #segments()} must not be used any more. If native code, such as a channel that writes,
     * still uses one of a pin by a space, the pages stay held until it is done. Closing it again has no effect, also if
     * it was another thread that closed it, or the close of the manager.
     * <p>
     * Once the thread of an accessor has ended, its pins may be closed by any. A pin that nobody can reach any more, nor
     * a segment of it, is ended some time after the garbage collector has found that out, and reported in the log; one
     * of an accessor, together with the accessor.
     *
     * @throws WrongThreadException if it is one of an accessor and the caller another thread, and the accessor's has
     *         not ended; the pin stays open
     * @throws SegmentInUseException if it is one of an accessor, and closed from within native code that uses one of
     *         the segments; the pin stays open, and can be closed later
     */
    @Override
    public void close() {
        if (accessor != null) {
            if (arena != null) {
                endOwnSegments();
            }
            accessor.unpin(pinned, use);
        } else {
            closeOfSpace();
        }
    }

    private void closeOfSpace() {
        try {
            SlowPath.unpin(pinned.list(), pinned, use);
        } finally {
            Reference.reachabilityFence(this); // until here the space finds the segments by it
        }
    }

    private void endOwnSegments() {
        Objects.requireNonNull(accessor).checkMayClose("a pin");
        Arena mine = arena;
        if (mine != null && Ownership.isCurrent(pinned.thread())) {
            SegmentScope.end(mine, this);
        } // else its thread has ended, and nobody can use them
        pinned.shows(null);
        arena = null;
        segments = List.of();
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
        return new ClosedException("pin of " + pinned.list().table().describeName());
    }

    @Override
    public String toString() {
        return "Pin[" + (pinned.isOpen(use) ? pinned : "closed, space=" + pinned.list().table().describeName()
                + ", address=0x" + Long.toHexString(start) + ", sizeBytes=" + sizeBytes + ", " + term + ", " + access)
                + "]";
    }
}
