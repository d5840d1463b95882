package io.quire.memory.pin;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.SegmentInUseException;
import io.quire.memory.guard.Ownership;
import io.quire.memory.handle.WatchedHandle;
import io.quire.memory.platform.SegmentScope;
import io.quire.memory.table.Geometry;
import io.quire.memory.trace.CreationSite;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The pages one pin holds: in the list of a space ({@link PinList}), or in a place of an accessor ({@link AccessorPins}),
 * which is used over and over. Each use has a number, which its pin remembers.
 * <p>
 * In the list it is changed under the lock of its space only, and never once its use has ended. In a place it is
 * changed by the accessor's thread alone; whoever else looks at it takes a {@link #copy}.
 */
public final class PinRecord {

    private static final int FRAMES_SHOWN = 24;
    private static final VarHandle USE;

    static {
        try {
            USE = MethodHandles.lookup().findVarHandle(PinRecord.class, "use", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final PinList list;
    private final Thread thread;
    private final PinTerm term;
    private final long[] frames;
    private final @Nullable CreationSite creation;
    private final @Nullable PinRecord original;
    private final int place;

    /** Whose place it is; null if it is in the list. */
    private @Nullable AccessorPins home;
    private long address;
    private boolean writes;

    /** Counts up when a use begins and when it ends: an odd one is open. */
    private int use;

    /** What to give back if nobody can reach the holder any more. Written before the holder can be lost. */
    private @Nullable WatchedHandle watch;

    /** Where the segments of a pin by an accessor are. */
    private volatile @Nullable WeakReference<Arena> ownSegments;

    /** Where its segments are, and those of pins before it; null if it has none. In the list; under the lock. */
    private SharedViews.@Nullable Ended shownWith;

    /** How many of its pages it holds, the first ones: all while it is open. Of one in the list; under the lock. */
    int held;

    /** Whether it is in the list of its space; under the lock. */
    boolean isListed;

    // In the list of its space; under its lock. Out of the list before and after.
    @Nullable PinRecord next;
    @Nullable PinRecord previous;

    /** For the list of a space. */
    public PinRecord(PinList list, long firstPage, int pages, PinTerm term, PinAccess access,
            @Nullable CreationSite creation) {
        this.list = list;
        this.thread = Thread.currentThread();
        this.term = term;
        this.frames = new long[pages];
        this.creation = creation;
        this.original = null;
        this.place = 0;
        this.address = firstPage;
        this.writes = access == PinAccess.WRITE;
    }

    /** A place of an accessor of this thread, for one page at a time. */
    public PinRecord(PinList list, AccessorPins home, WatchedAccessor accessor, int place) {
        this.list = list;
        this.thread = Thread.currentThread();
        this.term = PinTerm.SHORT;
        this.frames = new long[1];
        this.creation = null;
        this.original = null;
        this.place = place;
        this.home = home;
        this.watch = accessor;
    }

    /** What a place holds. */
    private PinRecord(PinRecord original, int use) {
        this.list = original.list;
        this.thread = original.thread;
        this.term = original.term;
        this.frames = original.frames.clone();
        this.creation = original.creation;
        this.original = original;
        this.place = original.place;
        this.address = original.address;
        this.writes = original.writes;
        this.use = use;
    }

    /** The pages are held: a use begins. */
    public void open() {
        // ORDER(pin-noted) release: what it holds first, then the number by which others know that it holds it.
        USE.setRelease(this, use + 1);
    }

    /** The same for a page in a place. */
    public void open(long page, long frame, PinAccess access) {
        // ORDER(pin-noted) fence: the number of the end of the last use first, then what this one holds.
        VarHandle.storeStoreFence();
        address = page;
        frames[0] = frame;
        writes = access == PinAccess.WRITE;
        open();
    }

    /** Ends a use. */
    public void end() {
        // ORDER(pin-noted) release: the holder has stored its last byte before a fork can take the page for unpinned.
        USE.setRelease(this, use + 1);
    }

    /** Takes {@link #end} back: an Error came before the page was let go. */
    public void endNot() {
        USE.setRelease(this, use - 1);
    }

    /** The number of the present use. */
    public int use() {
        return (int) USE.getOpaque(this);
    }

    /** Whether a use has not ended. Others than those who may change it learn only what was. */
    public boolean isOpen(int which) {
        return use() == which;
    }

    /** Whether a use is open now. */
    public boolean isOpen() {
        return (use() & 1) != 0;
    }

    /** What a place holds at one moment, for others than its thread; null if nothing. Lock-free. */
    public @Nullable PinRecord copy() {
        while (true) {
            // ORDER(pin-noted) acquire: what is held is at least as new as the number.
            int seen = (int) USE.getAcquire(this);
            if ((seen & 1) == 0) {
                return null;
            }
            PinRecord copy = new PinRecord(this, seen);
            // ORDER(pin-noted) fence: all of it was loaded before the number is looked at again.
            VarHandle.loadLoadFence();
            if (isOpen(seen)) {
                return copy;
            }
        }
    }

    /** The identity that a pin shares with its copies. */
    public Use identity() {
        return new Use(original == null ? this : original, use());
    }

    /** One use of a pin. */
    public record Use(PinRecord pinned, int number) {
    }

    /** Notes where its segments are. */
    void show(SharedViews views) {
        shownWith = views.ended();
    }

    /** Where its segments are; null if it has none. */
    SharedViews.@Nullable Ended shownWith() {
        return shownWith;
    }

    /**
     * Gives the pin back when nobody can reach its handle any more.
     *
     * @param handle the pin that the user holds
     */
    public void watchedThrough(Object handle) {
        watch = new WatchedPin(handle, this);
    }

    /** Gives the pin back when nobody can reach the accessor any more through which it was taken. */
    public void watchedWith(WatchedAccessor accessor) {
        watch = accessor;
    }

    /** Whether it is given back together with an accessor. */
    @SuppressWarnings("ReferenceEquality") // no other will do
    boolean isWatchedWith(WatchedAccessor accessor) {
        return watch == accessor;
    }

    /** When and where it was taken; null if that is not remembered. */
    public @Nullable CreationSite creation() {
        return creation;
    }

    /** Whether it was closed, and native code still uses its segments. */
    public boolean isHeldByNativeCode() {
        return shownWith != null && !isOpen();
    }

    /** Who took it. */
    public Thread thread() {
        return thread;
    }

    /** Whether the caller may end it: see {@link Ownership#mayClose}. */
    public boolean mayBeEndedHere() {
        return Ownership.mayClose(thread);
    }

    /**
     * Whether the caller may end it and nobody is left with segments: one by a space, whose segments end with it, or one
     * by an accessor of this thread, or of one that has ended. What a place holds is its thread's.
     */
    public boolean mayBeEndedWithSegments() {
        return original == null && (mayBeEndedHere() || !(watch instanceof WatchedAccessor));
    }

    /** Notes where the segments of a pin by an accessor are; null for nowhere. By its thread. */
    public void shows(@Nullable Arena segments) {
        // Weakly: the arena keeps the holder reachable, which has to be found out to be lost.
        ownSegments = segments == null ? null : new WeakReference<>(segments);
    }

    /**
     * Ends the segments of a pin by an accessor, on its thread; once that has ended nobody can use them.
     *
     * @throws SegmentInUseException while somebody is inside one of them; nothing has ended
     */
    public void endOwnSegments() {
        WeakReference<Arena> reference = ownSegments;
        Arena segments = reference == null ? null : reference.get();
        if (segments != null && Ownership.isCurrent(thread)) {
            SegmentScope.end(segments, this);
        }
    }

    /** Whose place it is; null if it is in the list of the space. */
    public @Nullable AccessorPins home() {
        return home;
    }

    public int place() {
        return place;
    }

    /** Out of its place, which is not used again, into the list. */
    public void moveOut() {
        home = null;
        held = frames.length;
    }

    /** The list of the space that it is of. */
    public PinList list() {
        return list;
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

    public void setFrame(int index, long frame) {
        frames[index] = frame;
    }

    public PinTerm term() {
        return term;
    }

    public PinAccess access() {
        return writes ? PinAccess.WRITE : PinAccess.READ;
    }

    /** Whether it holds a page in a frame. */
    boolean holds(long page, long frame) {
        long index = (page - address) >> Geometry.PAGE_SHIFT;
        return index >= 0 && index < frames.length && frames[(int) index] == frame;
    }

    /** Since when it has been held for certain, on the clock that says {@code now}. */
    public long knownSince(long now) {
        return creation == null ? now : now - creation.age().toNanos();
    }

    /** What the thread that took it does now: who holds a page too long is mostly still at it. */
    public String whereItsThreadIs() {
        return Arrays.stream(thread.getStackTrace()).limit(FRAMES_SHOWN).map(frame -> "\n      at " + frame)
                .collect(Collectors.joining("", "; that thread is now " + thread.getState(), ""));
    }

    /** As it was while it was open, for who tells of it when it has been given back. */
    public String describe() {
        return "pin of " + describeHeld();
    }

    private String describeHeld() {
        return list.table().describeName() + ", address=0x" + Long.toHexString(address) + ", pages="
                + frames.length + ", " + term + ", " + access() + ", taken by thread " + thread.getName()
                + (creation == null ? "" : ", age=" + creation.age().toMillis() + " ms" + creation.where());
    }

    @Override
    public String toString() {
        return isHeldByNativeCode() ? "closed pin, whose segments are in use by native code, of " + describeHeld()
                : describe();
    }
}
