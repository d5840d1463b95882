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
 * The pins of one space. A pin is taken of pages that no other space maps, so that whoever writes the page writes what
 * the pin shows; it holds the frames, not the mapping. Those in the list are taken and given back under the lock of the
 * space, those in the places of accessors without.
 * <p>
 * A pin of the list that was closed after it had shown its pages to any thread stays in the list, and holds its frames,
 * until its segments are ended: see {@link SharedViews}.
 */
public final class PinList {

    private @Nullable PinRecord first;

    /** In the list and open. Written under the lock. RACY(pin-count): read without it; the next reading is right. */
    private int listed;

    /** In the list and ended: their frames are held until their segments are ended too. */
    private int ended;

    /** Of those that are listed: they show their pages to any thread. */
    private int shown;

    /** Where the next pin can show its pages, in a chain. */
    private @Nullable SharedViews idleViews;

    /** Pins that have ended, and whose segments nobody can reach, in a chain: still to be let go. */
    private SharedViews.@Nullable Ended unreachable;

    /** The machine knows that there are such, or will be. */
    private boolean areViewsKnown;

    /** Of the accessors that have pinned. Written under the lock. RACY(pin-count): as above. */
    private AccessorPins[] places = {};
    private final PageTable table;
    private final FramePools pools;
    private final PinRegistry registry;

    /** Of the space with a table. */
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
     * Holds the pages of a pin, all or none, and lists it: it is open from here on. Under the lock.
     *
     * @throws PinLimitException if a page is held as often as can be counted
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

    /** Goes on, when it is called again, where it stopped. */
    private void releaseHolds(PinRecord pinned) {
        for (; pinned.held > 0; pinned.held--) {
            pools.releaseHold(pinned.frame(pinned.held - 1));
        }
    }

    /** Puts a pin into the list; under the lock. */
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
     * Ends a use of a pin.
     *
     * @return false if it was ended before
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
                with.pins().add(pinned); // first, because it may fail
                ended++;
                shown--;
            } else {
                releaseHolds(pinned); // before it ends, so that it can be called again if an Error comes between
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
     * Takes a pin that has ended out of the list, and gives up what it holds. Goes on, when it is called again, where it
     * stopped.
     */
    private void letGo(PinRecord pinned) {
        releaseHolds(pinned);
        if (!pinned.isListed) {
            return;
        }
        if (pinned.term() == PinTerm.LONG) {
            registry.longPins().giveBack((long) pinned.pages() << Geometry.PAGE_SHIFT);
        }
        // From here on stores alone, which cannot fail.
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

    // ---- what pins of the list show

    /** What comes of work with the memory of a pin in the list; null if this use of it was ended before. */
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
     * Shows the pages of a pin to any thread, {@linkplain #whilePinned while it is open}.
     *
     * @param pin stays reachable as long as it is open and somebody has one of the segments
     * @param segments makes them, in an arena that ends with the pin or some time later
     */
    public SharedViews.Shown show(PinRecord pinned, Object pin, Function<Arena, List<MemorySegment>> segments) {
        if (!areViewsKnown) {
            registry.noteViews(this); // now, so that nothing can fail when the pin ends
            areViewsKnown = true;
        }
        // What has ended is held as long as the pin that it shares an arena with is open: not by one that may stay.
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
     * A pin has ended that had segments: they are ended now, or together with those of later pins. Throws no Error:
     * what cannot be ended now is among those that are ended later.
     */
    private void endOrKeep(SharedViews.Ended with, PinRecord pinned) {
        SharedViews views = with.get();
        if (views == null) { // nobody can reach a segment of it
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

    /** Ends what was kept last. */
    private void endFirst() {
        letGoUnreachable();
        if (idleViews != null) {
            endIfPossible(idleViews, null);
        }
    }

    /** Whether its frames would be in use without it too. */
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
     * Ends the segments of pins that have ended, and gives up what they hold; all but what native code uses, and what
     * shares an arena with a pin that is open. Under the lock.
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

    /** Ends what is in the chain, and takes it out of it last: after an Error it is found again. */
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

    /** Ends the segments of pins that have ended, as far as native code does not use them; takes the lock. */
    public void endIdleViewsNow() {
        table.lock();
        try {
            endIdleViews();
            forgetViewsIfNone();
        } finally {
            table.unlock();
        }
    }

    /** Has the registry forget this space if it has no segments to end; under the lock. */
    public void forgetViewsIfNone() {
        if (idleViews == null && unreachable == null && shown == 0 && areViewsKnown) {
            registry.forgetViews(this);
            areViewsKnown = false;
        }
    }

    /** An accessor has unpinned after its space was closed. */
    public void noteUnpinnedAfterClose() {
        table.lock();
        try {
            noteUnpinned();
        } finally {
            table.unlock();
        }
    }

    /** A pin has ended, maybe the last one of a space that is closed; under the lock. */
    private void noteUnpinned() {
        if (table.isClosed() && !holdsAny()) {
            registry.forgetClosed(this);
        }
    }

    /** Lets an accessor of this thread, whose slot is known, pin in places of its own. */
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
     * Has an accessor write and pin no more; what it has pinned stays pinned, in the list. By a thread that may close
     * it.
     *
     * @param slot that it writes in
     * @param its where it pins; null if it has not
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

    /** Has the pins of an accessor go to the list, by a thread that may close it; again has no effect. */
    public void removePlaces(AccessorPins its) {
        table.lock();
        try {
            remove(its);
        } finally {
            table.unlock();
        }
    }

    /**
     * It may no more; what is pinned there stays pinned. Again has no effect. Under the lock, by a thread that may close
     * the accessor.
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

    /** Has the pins of threads that have ended, and of this one, go to the list, where they can be ended. */
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

    /** Ends all pins in the list that were taken through an accessor which nobody can reach; how many. */
    public int unpinAllOf(WatchedAccessor accessor) {
        int ended = 0;
        for (PinRecord pinned : open()) {
            if (pinned.isWatchedWith(accessor) && unpin(pinned, pinned.use())) {
                ended++;
            }
        }
        return ended;
    }

    /** Whether a pin is open, or has ended and holds its frames all the same. */
    public boolean holdsAny() {
        return ended > 0 || count() > 0;
    }

    /** Whether pins may be open, or have ended and hold their frames, as far as can be told while accessors pin. */
    public boolean mayBeOpen() {
        return first != null || places.length > 0 || ended > 0;
    }

    /** How many pins are open. */
    public int count() {
        int count = listed;
        for (AccessorPins some : places) {
            count += some.count();
        }
        return count;
    }

    /** A pin that holds a page in a frame, or null; under the lock. */
    public @Nullable PinRecord find(long page, long frame) {
        return holding().stream().filter(pinned -> pinned.holds(page, frame)).findAny().orElse(null);
    }

    /** The pins that are open, and those that native code keeps from ending. */
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

    /** Who holds a page that cannot move, in words. */
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

    /** The pins that hold their frames: those that are open, and some that have ended; under the lock. */
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
