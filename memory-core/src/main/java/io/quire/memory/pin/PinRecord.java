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
 * The pages that a pin holds. A record is in the list of a space ({@link PinList}), or it is a place of an accessor
 * ({@link AccessorPins}), which is used over and over. Each use has a number, which the user's pin remembers.
 * <p>
 * A record in the list changes only under the lock of its space, and a use of it that has ended stays ended. A place
 * changes only on the accessor's thread; other threads look at a {@link #copy}.
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

    /** The places that this is one of; null if it is in the list. */
    private @Nullable AccessorPins home;
    private long address;

    /** True for {@link PinAccess#WRITE}. A bit, because to store a reference takes more code than a caller has room for. */
    private boolean writes;

    /** Goes up by one when a use begins and when it ends, so it is odd while the pin is open. */
    private int use;

    /** Watches the user's pin, or its accessor. Set before that can become unreachable. */
    private @Nullable WatchedHandle watch;

    /** The arena of the segments, of a pin by an accessor. */
    private volatile @Nullable WeakReference<Arena> ownSegments;

    /** Refers weakly to the arena of its segments; null if it has none. Only in the list; under the lock. */
    private SharedViews.@Nullable Ended shownWith;

    /** How many pages it holds, from the first on: all while it is open. Only in the list; under the lock. */
    int held;

    /** True if it is in the list of its space. Under the lock. */
    boolean isListed;

    // Its neighbours in the list of its space; null outside the list. Under the lock.
    @Nullable PinRecord next;
    @Nullable PinRecord previous;

    /** Creates a record for the list of a space. */
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

    /** Creates a place of an accessor of this thread, for one page at a time. */
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

    /** Copies what a place holds in one use. */
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

    /** Begins a use. The pages are held already. */
    public void open() {
        // ORDER(pin-noted) release: first what the pin holds, then the number that tells others that it is open.
        USE.setRelease(this, use + 1);
    }

    /** Begins a use of a place, for a page that is held already. */
    public void open(long page, long frame, PinAccess access) {
        // ORDER(pin-noted) fence: first the number that ended the last use, then what this use holds.
        VarHandle.storeStoreFence();
        address = page;
        frames[0] = frame;
        writes = access == PinAccess.WRITE;
        open();
    }

    /** Ends a use. */
    public void end() {
        // ORDER(pin-noted) release: the holder has stored its last byte before a fork can see the pin as ended.
        USE.setRelease(this, use + 1);
    }

    /** Takes {@link #end} back: an Error came before the hold was given up. */
    public void undoEnd() {
        USE.setRelease(this, use - 1);
    }

    /** Returns the number of the present use: odd while it is open, even after its end. */
    public int use() {
        return (int) USE.getOpaque(this);
    }

    /** True if a use is still open. For a caller that may not change the record, the answer may be out of date. */
    public boolean isOpen(int which) {
        return use() == which;
    }

    /** True if a use is open now. */
    public boolean isOpen() {
        return (use() & 1) != 0;
    }

    /** Returns what a place holds at one moment, for other threads; null if nothing. Lock-free. */
    public @Nullable PinRecord copy() {
        while (true) {
            // ORDER(pin-noted) acquire: what is held is at least as new as the number.
            int seen = (int) USE.getAcquire(this);
            if ((seen & 1) == 0) {
                return null;
            }
            PinRecord copy = new PinRecord(this, seen);
            // ORDER(pin-noted) fence: the copy is loaded before the number is loaded again.
            VarHandle.loadLoadFence();
            if (isOpen(seen)) {
                return copy;
            }
        }
    }

    /** Returns the identity that a pin shares with its copies. */
    public Use identity() {
        return new Use(original == null ? this : original, use());
    }

    /** One use of a pin. */
    public record Use(PinRecord pinned, int number) {
    }

    /** Notes the arena of its segments. */
    void show(SharedViews views) {
        shownWith = views.ended();
    }

    /** Returns a weak reference to the arena of its segments; null if it has none. */
    SharedViews.@Nullable Ended shownWith() {
        return shownWith;
    }

    /**
     * Watches the user's pin: when nobody can reach it any more, this is given back.
     *
     * @param handle the pin that the user holds
     */
    public void watchedThrough(Object handle) {
        watch = new WatchedPin(handle, this);
    }

    /** Has this given back when nobody can reach the accessor that it was taken through. */
    public void watchedWith(WatchedAccessor accessor) {
        watch = accessor;
    }

    /** True if it is given back together with an accessor. */
    @SuppressWarnings("ReferenceEquality") // this very accessor is meant
    boolean isWatchedWith(WatchedAccessor accessor) {
        return watch == accessor;
    }

    /** Returns when and where it was taken; null if that was not recorded. */
    public @Nullable CreationSite creation() {
        return creation;
    }

    /**
     * True if it was closed after it had shown its pages to any thread. If it is in {@link PinList#open} all the same,
     * native code still uses its segments.
     */
    public boolean isHeldByNativeCode() {
        return shownWith != null && !isOpen();
    }

    /** Returns the thread that took it. */
    public Thread thread() {
        return thread;
    }

    /** True if the caller may end it: see {@link Ownership#mayClose}. */
    public boolean mayBeEndedHere() {
        return Ownership.mayClose(thread);
    }

    /**
     * True if the caller may end it together with its segments. That is so for a pin by a space, and for a pin by an
     * accessor if the accessor's thread is the caller or has ended. It is never so for a copy of a place.
     */
    public boolean mayBeEndedWithSegments() {
        return original == null && (mayBeEndedHere() || !(watch instanceof WatchedAccessor));
    }

    /** Notes the arena of the segments of a pin by an accessor; null for none. Called by its thread. */
    public void shows(@Nullable Arena segments) {
        // Weakly: the arena keeps the user's pin reachable, and that pin must be found when it is forgotten.
        ownSegments = segments == null ? null : new WeakReference<>(segments);
    }

    /**
     * Ends the segments of a pin by an accessor, on its thread. Once that thread has ended, nobody can use them.
     *
     * @throws SegmentInUseException if a segment is in use; nothing has ended
     */
    public void endOwnSegments() {
        WeakReference<Arena> reference = ownSegments;
        Arena segments = reference == null ? null : reference.get();
        if (segments != null && Ownership.isCurrent(thread)) {
            SegmentScope.end(segments, this);
        }
    }

    /** Returns the places that this is one of; null if it is in the list of the space. */
    public @Nullable AccessorPins home() {
        return home;
    }

    public int place() {
        return place;
    }

    /** Prepares a place to become a record of the list. It is not used as a place again. */
    public void moveOut() {
        home = null;
        held = frames.length;
    }

    /** Returns the pins of its space. */
    public PinList list() {
        return list;
    }

    /** Returns the address of the first page. */
    public long address() {
        return address;
    }

    /** Returns the number of pages. */
    public int pages() {
        return frames.length;
    }

    /** Returns the offset of the frame of a page, by index. */
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

    /** True if it holds a page in a frame. */
    boolean holds(long page, long frame) {
        long index = (page - address) >> Geometry.PAGE_SHIFT;
        return index >= 0 && index < frames.length && frames[(int) index] == frame;
    }

    /** Returns since when it has been held at least, on the clock that {@code now} was read from. */
    public long knownSince(long now) {
        return creation == null ? now : now - creation.age().toNanos();
    }

    /** Describes what the thread that took it does now: a thread that pins too long is mostly still in that code. */
    public String whereItsThreadIs() {
        return Arrays.stream(thread.getStackTrace()).limit(FRAMES_SHOWN).map(frame -> "\n      at " + frame)
                .collect(Collectors.joining("", "; that thread is now " + thread.getState(), ""));
    }

    /** Describes it as it was while it was open, for a report after it was given back. */
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
