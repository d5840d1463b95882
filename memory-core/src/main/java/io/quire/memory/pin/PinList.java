package io.quire.memory.pin;

import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.frame.FramePools;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.PageTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The pins of one space. No other space maps a page when it is pinned, so whoever writes the page writes what the pin
 * shows. A pin holds the frames, not the mapping. Pins in the list are taken and ended under the lock of the space,
 * pins in the places of accessors without it.
 * <p>
 * If a pin of the list has shown its pages to any thread, it stays in the list after its close and holds its frames
 * until its segments are ended: see {@link SharedViews}.
 */
public final class PinList {

    private @Nullable PinRecord first;

    /** Open pins in the list. Written under the lock. RACY(pin-count): read without it; the next reading is right. */
    private int listed;

    /** Ended pins in the list, which hold their frames until their segments are ended too. */
    private int ended;

    /** Open pins in the list that show their pages to any thread. */
    private int shown;

    /** A chain of the arenas without an open pin. The next pin can show its pages in one of them. */
    private @Nullable SharedViews idleViews;

    /** A chain of arenas whose segments nobody can reach. Their pins have ended, and still hold frames. */
    private SharedViews.@Nullable Ended unreachable;

    /** True if the registry knows that this space has segments to end, or will have. */
    private boolean areViewsKnown;

    /** The places of accessors that have pinned. Written under the lock. RACY(pin-count): as above. */
    private AccessorPins[] places = {};
    private final PageTable table;
    private final FramePools pools;
    private final PinRegistry registry;

    /** Creates the list of the space that a table belongs to. */
    public PinList(PageTable table, PinRegistry registry) {
        this.table = table;
        this.pools = registry.pools();
        this.registry = registry;
    }

    public PageTable table() {
        return table;
    }

    public FramePools pools() {
        return pools;
    }

    public PinRegistry registry() {
        return registry;
    }

    // ---- the list

    /**
     * Holds the pages of a pin, all or none, and lists the pin: it is open from here on. Under the lock.
     *
     * @throws PinLimitException if a page cannot be held once more
     */
    public void open(PinRecord wanted) {
        // STEP(pin 3)
        holdAll(wanted);
        wanted.open();
        link(wanted);
    }

    private void holdAll(PinRecord wanted) {
        boolean all = false;
        try {
            while (wanted.held < wanted.pages()) {
                hold(wanted, wanted.held);
                wanted.held++;
            }
            all = true;
        } finally {
            if (!all) {
                releaseHolds(wanted);
            }
        }
    }

    private void hold(PinRecord wanted, int index) {
        if (!pools.hold(wanted.frame(index))) {
            throw new PinLimitException("a page cannot be pinned more often: space=" + table.name() + ", address=0x"
                    + Long.toHexString(wanted.address() + ((long) index << Geometry.PAGE_SHIFT))
                    + "; close pins that are not needed");
        }
    }

    /** After a failure it can be called again, and goes on where it stopped. */
    private void releaseHolds(PinRecord pinned) {
        for (; pinned.held > 0; pinned.held--) {
            pools.releaseHold(pinned.frame(pinned.held - 1));
        }
    }

    /** Puts a pin into the list. Under the lock. */
    public void link(PinRecord pinned) {
        pinned.next = first;
        if (first != null) {
            first.previous = pinned;
        }
        first = pinned;
        pinned.isListed = true;
        listed++;
    }

    /**
     * Ends one use of a pin.
     *
     * @return false if that use has ended before
     */
    public boolean unpin(PinRecord pinned, int use) {
        StackRoom.require();
        table.lock();
        try {
            if (!pinned.isListed || !pinned.isOpen(use)) {
                return false;
            }
            SharedViews.Ended with = pinned.shownWith();
            if (with != null) {
                with.pins().add(pinned); // first, because it allocates and so may fail
                ended++;
                shown--;
            } else {
                releaseHolds(pinned); // before the use ends, so that the caller can try again after an Error
            }
            listed--;
            pinned.end();
            if (with == null) {
                letGo(pinned);
            } else {
                endOrKeep(with, pinned);
            }
            noteUnpinned();
            return true;
        } finally {
            table.unlock();
        }
    }

    /**
     * Gives up what an ended pin holds, and takes it out of the list. After a failure it can be called again, and goes
     * on where it stopped.
     */
    private void letGo(PinRecord pinned) {
        releaseHolds(pinned);
        if (!pinned.isListed) {
            return;
        }
        if (pinned.term() == PinTerm.LONG) {
            registry.longPins().giveBack((long) pinned.pages() << Geometry.PAGE_SHIFT);
        }
        // From here on there are only stores, which cannot fail.
        pinned.isListed = false;
        if (pinned.previous == null) {
            first = pinned.next;
        } else {
            pinned.previous.next = pinned.next;
        }
        if (pinned.next != null) {
            pinned.next.previous = pinned.previous;
        }
        pinned.next = null;
        pinned.previous = null;
    }

    // ---- segments of pins in the list

    /** Runs work while a pin of the list is open and returns its result; null if this use of the pin has ended. */
    public <T> @Nullable T whilePinned(PinRecord pinned, int use, Supplier<T> work) {
        StackRoom.require();
        table.lock();
        try {
            return pinned.isOpen(use) ? work.get() : null;
        } finally {
            table.unlock();
        }
    }

    /**
     * Shows the pages of a pin to any thread. Called inside {@link #whilePinned}.
     *
     * @param pin the user's pin: while it is open, its segments keep it reachable
     * @param segments makes the segments in an arena that is closed when the pin ends, or some time later
     */
    public SharedViews.Shown show(PinRecord pinned, Object pin, Function<Arena, List<MemorySegment>> segments) {
        if (!areViewsKnown) {
            registry.noteViews(this); // now, so that nothing can fail when the pin ends
            areViewsKnown = true;
        }
        // An open pin delays the end of the ended pins in its arena. A long-term pin could do so for ever.
        SharedViews views = pinned.term() == PinTerm.SHORT ? takeIdleViews() : new SharedViews();
        boolean isShown = false;
        try {
            SharedViews.Shown result = new SharedViews.Shown(views, segments.apply(views.arena()));
            views.begin(pin);
            pinned.show(views);
            shown++;
            isShown = true;
            return result;
        } finally {
            if (!isShown) {
                keepIdle(views);
            }
        }
    }

    private SharedViews takeIdleViews() {
        SharedViews before = null;
        for (SharedViews views = idleViews; views != null; before = views, views = views.next) {
            if (!views.isInUse() && !views.isFull() && views.isOpen()) {
                takeOut(views, before);
                return views;
            }
        }
        return new SharedViews();
    }

    private void keepIdle(SharedViews views) {
        views.next = idleViews;
        idleViews = views;
    }

    /**
     * Ends the segments of an ended pin, now or together with those of later pins. Throws no Error: what cannot be
     * ended now is ended later.
     */
    private void endOrKeep(SharedViews.Ended with, PinRecord pinned) {
        SharedViews views = with.get();
        if (views == null) { // nobody can reach one of its segments
            with.next = unreachable;
            unreachable = with;
        } else {
            views.end(pinned);
            keepIdle(views);
        }
        boolean canWait = views != null && pinned.term() == PinTerm.SHORT && !table.isClosed() && !views.isFull()
                && !registry.tracksLeaks() && isMapped(pinned);
        if (!canWait) {
            try {
                endFirst();
            } catch (OutOfMemoryError | StackOverflowError later) {
                return;
            }
        }
    }

    /** Ends the unreachable arenas, and of the others the one that became idle last. */
    private void endFirst() {
        letGoUnreachable();
        if (idleViews != null) {
            endIfPossible(idleViews, null);
        }
    }

    /** True if the frames of a pin are in use without the pin, too. */
    private boolean isMapped(PinRecord pinned) {
        for (int i = 0; i < pinned.pages(); i++) {
            if (pools.references(pinned.frame(i)) == 0) {
                return false;
            }
        }
        return true;
    }

    private void letGoAll(SharedViews.Ended with) {
        List<PinRecord> pins = with.pins();
        while (!pins.isEmpty()) {
            letGo(pins.getLast());
            pins.removeLast();
            ended--;
        }
    }

    /**
     * Ends the segments of ended pins, and gives up what those pins hold. Skips arenas that native code uses, and
     * arenas that an open pin is shown in. Under the lock.
     */
    public void endIdleViews() {
        if (idleViews == null && unreachable == null) {
            return;
        }
        letGoUnreachable();
        SharedViews before = null;
        SharedViews views = idleViews;
        while (views != null) {
            SharedViews after = views.next;
            before = endIfPossible(views, before) ? before : views;
            views = after;
        }
        noteUnpinned();
    }

    /** Ends an arena of the chain. It leaves the chain last, so that it is found again after an Error. */
    private boolean endIfPossible(SharedViews views, @Nullable SharedViews before) {
        if (!views.tryClose()) {
            return false;
        }
        letGoAll(views.ended());
        takeOut(views, before);
        return true;
    }

    private void letGoUnreachable() {
        for (; unreachable != null; unreachable = unreachable.next) {
            letGoAll(unreachable);
        }
    }

    private void takeOut(SharedViews views, @Nullable SharedViews before) {
        if (before == null) {
            idleViews = views.next;
        } else {
            before.next = views.next;
        }
        views.next = null;
    }

    /** Does the same as {@link #endIdleViews}, but takes the lock itself. */
    public void endIdleViewsNow() {
        table.lock();
        try {
            endIdleViews();
            forgetViewsIfNone();
        } finally {
            table.unlock();
        }
    }

    /** Tells the registry to forget this space if it has no segments to end. Under the lock. */
    public void forgetViewsIfNone() {
        if (idleViews == null && unreachable == null && shown == 0 && areViewsKnown) {
            registry.forgetViews(this);
            areViewsKnown = false;
        }
    }

    /** Notes that an accessor has unpinned after its space was closed. */
    public void noteUnpinnedAfterClose() {
        table.lock();
        try {
            noteUnpinned();
        } finally {
            table.unlock();
        }
    }

    /** Notes that a pin has ended, which may be the last one of a closed space. Under the lock. */
    private void noteUnpinned() {
        if (table.isClosed() && !holdsAny()) {
            registry.forgetClosed(this);
        }
    }

    /** Gives an accessor of this thread places to pin in. The table knows the accessor's slot already. */
    public AccessorPins newPlaces(WatchedAccessor accessor) {
        AccessorPins more = new AccessorPins(this, accessor);
        table.lock();
        try {
            table.root(); // refuses a closed space
            AccessorPins[] all = Arrays.copyOf(places, places.length + 1);
            all[places.length] = more;
            places = all;
        } finally {
            table.unlock();
        }
        return more;
    }

    /**
     * Stops an accessor from writing and pinning. Its open pins stay open, and move to the list. The caller is a thread
     * that may close the accessor.
     *
     * @param slot the slot that the accessor writes in
     * @param its the places that it pins in; null if it has never pinned
     */
    public void removeAccessor(WriterSlot slot, @Nullable AccessorPins its) {
        table.lock();
        try {
            table.removeWriter(slot);
            if (its != null) {
                remove(its);
            }
        } finally {
            table.unlock();
        }
    }

    /** Moves the pins of an accessor to the list. Called by a thread that may close it; again has no effect. */
    public void removePlaces(AccessorPins its) {
        table.lock();
        try {
            remove(its);
        } finally {
            table.unlock();
        }
    }

    /**
     * Removes places, and moves their open pins to the list. Again has no effect. Under the lock; the caller is a
     * thread that may close the accessor.
     */
    private void remove(AccessorPins less) {
        for (int i = 0; i < places.length; i++) {
            if (places[i].equals(less)) {
                AccessorPins[] rest = Arrays.copyOf(places, places.length - 1);
                System.arraycopy(places, i + 1, rest, i, rest.length - i);
                less.leave(this);
                places = rest;
                return;
            }
        }
    }

    /** Moves the pins of this thread, and of threads that have ended, to the list, where they can be ended. */
    public void removePlacesOfEnded() {
        table.lock();
        try {
            for (AccessorPins some : places.clone()) {
                if (some.mayBeEndedHere()) {
                    remove(some);
                }
            }
        } finally {
            table.unlock();
        }
    }

    /** Ends the listed pins that were taken through an accessor that nobody can reach. Returns how many. */
    public int unpinAllOf(WatchedAccessor accessor) {
        int ended = 0;
        for (PinRecord pinned : open()) {
            if (pinned.isWatchedWith(accessor) && unpin(pinned, pinned.use())) {
                ended++;
            }
        }
        return ended;
    }

    /** True if a pin is open, or has ended and still holds its frames. */
    public boolean holdsAny() {
        return ended > 0 || count() > 0;
    }

    /** True if a pin may hold frames; always true while an accessor can take one. */
    public boolean mayBeOpen() {
        return first != null || places.length > 0 || ended > 0;
    }

    /** Returns the number of open pins. */
    public int count() {
        int count = listed;
        for (AccessorPins some : places) {
            count += some.count();
        }
        return count;
    }

    /** Returns a pin that holds a page in a frame, or null. Under the lock. */
    public @Nullable PinRecord find(long page, long frame) {
        return holding().stream().filter(pinned -> pinned.holds(page, frame)).findAny().orElse(null);
    }

    /** Returns the open pins, and the closed ones whose segments native code still uses. */
    public List<PinRecord> open() {
        table.lock();
        try {
            List<PinRecord> open = new ArrayList<>(holding());
            open.removeIf(PinList::isOver);
            return open;
        } finally {
            table.unlock();
        }
    }

    /** Describes who holds a page that cannot move. */
    public String holderOf(long page) {
        table.lock();
        try {
            PinRecord pinned = find(page, Entry.offset(table.entry(page)));
            return pinned != null ? pinned.toString() : "a cursor, or a pin that was closed just now";
        } finally {
            table.unlock();
        }
    }

    private static boolean isOver(PinRecord pinned) {
        SharedViews.Ended with = pinned.isOpen() ? null : pinned.shownWith();
        SharedViews views = with == null ? null : with.get();
        return with != null && (views == null || !views.isInUse());
    }

    /** Returns the pins that hold their frames: the open ones, and some that have ended. Under the lock. */
    public List<PinRecord> holding() {
        if (first == null && places.length == 0) {
            return List.of();
        }
        List<PinRecord> open = new ArrayList<>();
        for (PinRecord pinned = first; pinned != null; pinned = pinned.next) {
            open.add(pinned);
        }
        for (AccessorPins some : places) {
            some.look(open);
        }
        return open;
    }
}
