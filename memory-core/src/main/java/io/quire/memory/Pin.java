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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the pages of a range in their frames. While the pin is open they do not move, and their frames have no other
 * use, even if the range is unmapped or the space closed.
 * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="pin"}
 * <p>
 * What the space writes to the pages shows in {@link #segments()}, and the other way round. A fork that is taken while
 * the pin is open gets copies of the pinned pages.
 * <p>
 * <b>Threads.</b> Any thread may use and close a pin of an {@link AddressSpace}; only its own thread may use and close
 * a pin of an {@link Accessor}.
 * <p>
 * <b>Close it.</b> If a pin and all its segments become unreachable while it is open, it is closed some time after the
 * garbage collector has found that out; the log reports it. A pin of an accessor is closed together with the accessor.
 *
 * @see AddressSpace#pin
 * @see Accessor#pin
 * @see MemoryManager#openPins
 */
public final class Pin implements AutoCloseable {

    /** The most that fits into one buffer, in whole pages. */
    private static final long LARGEST_BUFFER = (1L << 31) - Geometry.PAGE_BYTES;

    private final PinRecord pinned;
    private final int use;
    private final long start;
    private final long sizeBytes;
    private final PinTerm term;
    private final PinAccess access;

    /** The accessor whose thread is the only one that may use this; null if any thread may. */
    private final @Nullable Accessor accessor;

    /** Keeps the space of the pin reachable; null if the accessor does that. */
    @SuppressWarnings("UnusedVariable")
    private final @Nullable AddressSpace handle;

    // Guarded by the lock of the space, or used by the accessor's thread alone.
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

    /**
     * Returns the first address of the range.
     *
     * @return what {@code pin} was given; also after close
     */
    public long address() {
        return start;
    }

    /**
     * Returns the size of the range.
     *
     * @return the bytes that {@code pin} was given, not rounded; also after close
     */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * Returns how long the pin is meant to be held.
     *
     * @return what {@code pin} was given; also after close
     */
    public PinTerm term() {
        return term;
    }

    /**
     * Returns what may be done through the pin.
     *
     * @return what {@code pin} was given; also after close
     */
    public PinAccess access() {
        return access;
    }

    /**
     * Returns the memory of the range, in ascending order of addresses. Pages that lie side by side in the pool are one
     * segment. The segments are read-only if the pin is {@link PinAccess#READ}.
     * <p>
     * <b>Use them until the pin is closed.</b> Afterwards they throw {@link IllegalStateException}. Those of a pin by
     * an accessor do so at once. Those of a pin by a space may go on for a while: to end them at once would stop every
     * thread of the process for a moment. Until they throw they still show the pages of this pin, which stay held, and
     * never anything else. They throw at the latest when the library wants the pages for something else and no
     * short-term pin that was opened later still shows its own. With leak tracking they throw at once, so that a
     * mistake is found where it is made.
     * <p>
     * While a segment can be reached, or a slice or buffer of it, the pin stays open and its memory mapped, even if the
     * pin, the space and the manager are unreachable.
     *
     * @return a list that does not change; the sizes add up to {@link #sizeBytes()}
     * @throws ClosedException after close
     * @throws WrongThreadException if the pin is of an accessor and the caller is another thread
     * @throws UnsupportedOperationException without native access, where a segment cannot be made to end; start the JVM
     *         with {@code --enable-native-access=io.quire.memory}, or {@code ALL-UNNAMED} on the class path. The pin
     *         itself needs no native access, and stays open
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

    /**
     * Returns the memory of the range as direct buffers: each of the {@link #segments()}, cut at a page if it has 2 GiB
     * or more. They are read-only if the pin is {@link PinAccess#READ}. Their byte order is that of the machine, so
     * they read what {@link MemoryAccess#setLong(long, long)} has written. Use them until the pin is closed.
     * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="buffers"}
     *
     * @return a list that does not change, of new buffers with positions of their own
     * @throws ClosedException after close
     * @throws WrongThreadException if the pin is of an accessor and the caller is another thread
     * @throws UnsupportedOperationException without native access, as {@link #segments()} does
     */
    public List<ByteBuffer> buffers() {
        return buffers(segments());
    }

    static List<ByteBuffer> buffers(List<MemorySegment> segments) {
        List<ByteBuffer> buffers = new ArrayList<>(segments.size());
        for (MemorySegment segment : segments) {
            long room = LARGEST_BUFFER - Geometry.pageOffset(segment.address()); // so that no value is cut in two
            for (long at = 0; at < segment.byteSize();) {
                long length = Math.min(segment.byteSize() - at, room);
                buffers.add(segment.asSlice(at, length).asByteBuffer().order(ByteOrder.nativeOrder()));
                at += length;
                room = LARGEST_BUFFER;
            }
        }
        return List.copyOf(buffers);
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
     * Returns where a pinned page is. A short-term pin may hold a page of a device.
     *
     * @param address in the range: {@link #address()} to {@code address() + sizeBytes() - 1}
     * @return the page as the pin holds it, wherever the space has it now
     * @throws ClosedException after close
     * @throws WrongThreadException if the pin is of an accessor and the caller is another thread
     * @throws IndexOutOfBoundsException if the address is not in the range
     * @see AddressSpace#pageState
     */
    public PageState state(long address) {
        checkOwner();
        checkOpen();
        Objects.checkIndex(address - start, sizeBytes);
        return PageStates.of(pinned, address);
    }

    /**
     * Ends the pin. Do not use its {@link #segments()} any more. If native code, such as a channel that writes, still
     * uses a segment of a pin by a space, the pages stay held until it is done.
     * <p>
     * Closing a closed pin has no effect, also if another thread closed it, or the close of the manager. Once the
     * thread of an accessor has ended, any thread may close its pins.
     *
     * @throws WrongThreadException if the pin is of an accessor, the caller is another thread, and the accessor's has
     *         not ended; the pin stays open
     * @throws SegmentInUseException if the pin is of an accessor, and the call comes from native code that uses one of
     *         its segments; the pin stays open and can be closed later
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
            Reference.reachabilityFence(this); // the space finds the segments through this
        }
    }

    private void endOwnSegments() {
        Objects.requireNonNull(accessor).checkMayClose("a pin");
        Arena mine = arena;
        if (mine != null && Ownership.isCurrent(pinned.thread())) {
            SegmentScope.end(mine, this);
        } // otherwise its thread has ended, and no other can use the segments
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
