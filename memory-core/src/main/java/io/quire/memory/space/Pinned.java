package io.quire.memory.space;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.table.Geometry;
import io.quire.memory.trace.Birth;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The pages one pin holds. Changed under the lock of its space only, and not while it is handed out.
 * <p>
 * An accessor that pins in a loop uses one over and over, so that it allocates nothing: each use has a number, which
 * its pin remembers, and one that somebody else has seen in a list is not used again.
 */
public final class Pinned {

    private static final int FRAMES_SHOWN = 24;

    private final Space space;
    private final long[] frames;
    private long address;
    private PinTerm term = PinTerm.SHORT;
    private PinAccess access = PinAccess.READ;
    private Thread thread = Thread.currentThread();
    private long sinceNanos;
    private @Nullable Birth birth;
    private boolean reported;

    /** Counts up with each end of a use. */
    private int use;

    // What the holder looks at; made and ended under the lock of the space.
    private @Nullable Arena arena;
    private List<MemorySegment> views = List.of();

    // In the list of its space; under its lock. Out of the list before and after.
    @Nullable Pinned next;
    @Nullable Pinned previous;
    private boolean isOpen;
    private boolean isSeen;

    Pinned(Space space, int pages) {
        this.space = space;
        this.frames = new long[pages];
    }

    /** Begins a use; it is not in the list yet. */
    void begin(long firstPage, PinTerm itsTerm, PinAccess itsAccess, @Nullable Birth itsBirth) {
        address = firstPage;
        term = itsTerm;
        access = itsAccess;
        thread = Thread.currentThread();
        sinceNanos = System.nanoTime();
        birth = itsBirth;
    }

    /** The pages are held. */
    void open() {
        isOpen = true;
    }

    /** Ends a use; refused while somebody is in the memory that is shown. */
    void end() {
        if (arena != null) {
            arena.close();
            arena = null;
            views = List.of();
        }
        isOpen = false;
        use++;
    }

    /** The number of the present use. */
    public int use() {
        return use;
    }

    /** Whether a use has not ended; under the lock. */
    boolean isOpen(int which) {
        return isOpen && use == which;
    }

    /** Somebody else has it from now on, and may look at it at any time. */
    void markSeen() {
        isSeen = true;
    }

    /** Whether its holder, whose use has ended, may use it again for so many pages. */
    boolean isReusable(int pages) {
        return !isSeen && frames.length == pages;
    }

    /**
     * Shows the pages to the holder; under the lock, while the pin is open.
     *
     * @param whose ends with the use
     */
    public void show(Arena whose, List<MemorySegment> segments) {
        arena = whose;
        views = segments;
    }

    /** What was shown; empty if nothing was. Under the lock. */
    public List<MemorySegment> views() {
        return views;
    }

    public Space space() {
        return space;
    }

    /** The first page. */
    public long address() {
        return address;
    }

    /** How many pages. */
    public int pages() {
        return frames.length;
    }

    /** The offset of the frame of a page, by index. */
    public long frame(int index) {
        return frames[index];
    }

    void setFrame(int index, long frame) {
        frames[index] = frame;
    }

    public PinTerm term() {
        return term;
    }

    public PinAccess access() {
        return access;
    }

    /** Whether it holds a page in a frame. */
    boolean holds(long page, long frame) {
        long index = (page - address) >> Geometry.PAGE_SHIFT;
        return index >= 0 && index < frames.length && frames[(int) index] == frame;
    }

    /** How long it has been held. */
    Duration age() {
        return Duration.ofNanos(System.nanoTime() - sinceNanos);
    }

    /** What the thread that took it does now: who holds a page too long is mostly still at it. */
    String whereItsThreadIs() {
        return Arrays.stream(thread.getStackTrace()).limit(FRAMES_SHOWN).map(frame -> "\n      at " + frame)
                .collect(Collectors.joining("", "; that thread is now " + thread.getState(), ""));
    }

    /** True the first time. */
    boolean report() {
        boolean first = !reported;
        reported = true;
        return first;
    }

    @Override
    public String toString() {
        return "pin of " + space.describeName() + ", address=0x" + Long.toHexString(address) + ", pages="
                + frames.length + ", " + term + ", " + access + ", age=" + age().toMillis()
                + " ms, taken by thread " + thread.getName() + (birth == null ? "" : birth.where());
    }
}
