package io.quire.memory.space;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.Root;
import io.quire.memory.trace.Birth;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The pins of one space. A pin is taken of pages that no other space maps, so that whoever writes the page writes what
 * the pin shows; it holds the frames, not the mapping. Those in the list are taken and given back under the lock of the
 * space, those in the places of accessors without.
 * <p>
 * A pin of the list that was closed after it had shown its pages to any thread stays in the list, and holds its frames,
 * until its segments are ended: see {@link SharedViews}.
 */
final class Pins {

    /** Nothing is in the way. Not an address. */
    private static final long NOTHING = -1;

    private @Nullable Pinned first;

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
    private PinPlaces[] places = {};
    private final Space space;
    private final Machine machine;

    Pins(Space space) {
        this.space = space;
        this.machine = space.machine();
    }

    /** Pins as many pages as there are, all or none; see {@code AddressSpace.pin}. */
    Pinned pin(long address, int pages, PinTerm term, PinAccess access, @Nullable Birth birth) {
        long longBytes = term == PinTerm.LONG ? (long) pages << Geometry.PAGE_SHIFT : 0;
        machine.longPins().take(longBytes, space);
        Pinned pinned = null;
        try {
            refuseWhatCannotFit(address, pages, term);
            pinned = pinWhereTheyAreOrBringHome(new Pinned(space, address, pages, term, access, birth));
            return pinned;
        } finally {
            if (pinned == null) {
                machine.longPins().giveBack(longBytes);
            }
        }
    }

    /** Each page needs a frame that the processor can reach: refused at once what there are not enough for. */
    private void refuseWhatCannotFit(long address, int pages, PinTerm term) {
        if (pages <= Geometry.FAN_OUT) {
            return; // finds out soon enough
        }
        long room = machine.pools().capacity();
        for (DriverLink link : machine.links()) {
            room += term == PinTerm.SHORT && !link.isPrivate() ? link.pool().frames() : 0;
        }
        if (pages > room || !hasFree(emptyPages(address, pages))) {
            throw Shortage.exceptionForPin(machine, space, address, pages);
        }
    }

    private boolean hasFree(long frames) {
        FramePool host = machine.pools().host();
        if (frames > host.free()) {
            machine.reclaimer().reclaimAll(); // somebody else may just have done it, so look again in any case
        }
        return frames <= host.free();
    }

    /** How many pages of a range have no frame yet. */
    private long emptyPages(long address, int pages) {
        Root root = space.table().root();
        long end = address + ((long) pages << Geometry.PAGE_SHIFT);
        long empty = pages;
        for (long start = root.nextLeaf(address, end); start < end;
                start = root.nextLeaf(start + Geometry.LEAF_BYTES, end)) {
            long[] leaf = space.table().leaf(start);
            empty -= leaf == null ? 0
                    : LeafPages.count(LeafPages.present(leaf) & LeafPages.between(start, address, end));
        }
        return empty;
    }

    private Pinned pinWhereTheyAreOrBringHome(Pinned wanted) {
        while (true) {
            long obstacle;
            space.table().lock();
            try {
                obstacle = prepare(wanted);
                if (obstacle == NOTHING) {
                    holdAll(wanted);
                    wanted.open();
                    link(wanted);
                    return wanted;
                }
            } finally {
                space.table().unlock();
            }
            if (wanted.term() == PinTerm.LONG) {
                machine.migration().bringToHost(space, obstacle);
            } else {
                machine.migration().bringHome(space, obstacle, null);
            }
        }
    }

    /** Makes each page the space's own and notes its frame; returns the first that has to move to the host before. */
    private long prepare(Pinned wanted) {
        FramePools pools = machine.pools();
        boolean isLong = wanted.term() == PinTerm.LONG;
        for (int i = 0; i < wanted.pages(); i++) {
            long page = wanted.address() + ((long) i << Geometry.PAGE_SHIFT);
            long frame = own(page, wanted);
            if (frame == PageFaults.AWAY) {
                return page;
            }
            FramePool pool = pools.of(frame);
            if (isLong && pool.kind() != PoolKind.HOST) {
                if (machine.policies().longTermPolicy() == LongTermPolicy.REFUSE) {
                    machine.events().longTermRefused();
                    throw new LongTermPinException("device memory cannot be pinned for long, it must stay evictable: "
                            + "space=" + space.name() + ", address=0x" + Long.toHexString(page) + ", pool="
                            + pool.name()
                            + "; migrate the range to the host first, pin it SHORT, or build the manager with "
                            + "longTermPolicy(LongTermPolicy.MIGRATE)");
                }
                return page;
            }
            wanted.setFrame(i, frame);
        }
        return NOTHING;
    }

    private long own(long page, Pinned wanted) {
        long writable = space.table().offsetForWrite(page);
        if (writable >= 0) {
            return writable; // nothing is in the way, and nobody else has it
        }
        if (wanted.access() == PinAccess.WRITE) {
            space.table().permissions().checkWritable(page);
        } else {
            space.table().permissions().checkReadable(page);
        }
        return space.faults().unshare(page, wanted.term() == PinTerm.LONG ? CowPlacement.HOST : space.cowPlacement());
    }

    private void holdAll(Pinned wanted) {
        boolean all = false;
        try {
            while (wanted.held < wanted.pages()) {
                hold(wanted, wanted.held);
                wanted.held++;
            }
            all = true;
        } finally {
            if (!all) {
                unholdAll(wanted);
            }
        }
    }

    private void hold(Pinned wanted, int index) {
        if (!machine.pools().hold(wanted.frame(index))) {
            throw new PinLimitException("a page cannot be pinned more often: space=" + space.name() + ", address=0x"
                    + Long.toHexString(wanted.address() + ((long) index << Geometry.PAGE_SHIFT))
                    + "; close pins that are not needed");
        }
    }

    /** Goes on, when it is called again, where it stopped. */
    private void unholdAll(Pinned pinned) {
        for (; pinned.held > 0; pinned.held--) {
            machine.pools().unhold(pinned.frame(pinned.held - 1));
        }
    }

    /** Puts a pin into the list; under the lock. */
    void link(Pinned pinned) {
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
    boolean unpin(Pinned pinned, int use) {
        space.table().lock();
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
                unholdAll(pinned); // before it ends, so that it can be called again if an Error comes between
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
            space.table().unlock();
        }
    }

    /**
     * Takes a pin that has ended out of the list, and gives up what it holds. Goes on, when it is called again, where it
     * stopped.
     */
    private void letGo(Pinned pinned) {
        unholdAll(pinned);
        if (!pinned.isListed) {
            return;
        }
        if (pinned.term() == PinTerm.LONG) {
            machine.longPins().giveBack((long) pinned.pages() << Geometry.PAGE_SHIFT);
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

    /**
     * Shows the pages of a pin that is open; under the lock.
     *
     * @param pin stays reachable as long as it is open and somebody has one of the segments
     * @param segments makes them
     */
    SharedViews.Shown show(Pinned pinned, Object pin, Function<Arena, List<MemorySegment>> segments) {
        if (!areViewsKnown) {
            machine.noteViews(space); // now, so that nothing can fail when the pin ends
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
    private void endOrKeep(SharedViews.Ended with, Pinned pinned) {
        SharedViews views = with.get();
        if (views == null) { // nobody can reach a segment of it
            with.next = unreachable;
            unreachable = with;
        } else {
            views.end(pinned);
            keepIdle(views);
        }
        boolean canWait = views != null && pinned.term() == PinTerm.SHORT && !space.isClosed() && !views.isFull()
                && !machine.policies().leakTracking() && isMapped(pinned);
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
    private boolean isMapped(Pinned pinned) {
        for (int i = 0; i < pinned.pages(); i++) {
            if (machine.pools().references(pinned.frame(i)) == 0) {
                return false;
            }
        }
        return true;
    }

    private void letGoAll(SharedViews.Ended with) {
        List<Pinned> pins = with.pins();
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
    void endIdleViews() {
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

    /** Has the machine forget this space if it has no segments to end; under the lock. */
    void forgetViewsIfNone() {
        if (idleViews == null && unreachable == null && shown == 0 && areViewsKnown) {
            machine.forgetViews(space);
            areViewsKnown = false;
        }
    }

    /** A pin has ended, maybe the last one of a space that is closed; under the lock. */
    void noteUnpinned() {
        if (space.isClosed() && !holdsAny()) {
            machine.pinnedAfterClose().remove(space);
        }
    }

    /** From here on an accessor may pin in places of its own; under the lock. */
    void add(PinPlaces more) {
        PinPlaces[] all = Arrays.copyOf(places, places.length + 1);
        all[places.length] = more;
        places = all;
    }

    /**
     * It may no more; what is pinned there stays pinned. Again has no effect. Under the lock, by a thread that may close
     * the accessor.
     */
    void remove(PinPlaces less) {
        for (int i = 0; i < places.length; i++) {
            if (places[i].equals(less)) {
                PinPlaces[] rest = Arrays.copyOf(places, places.length - 1);
                System.arraycopy(places, i + 1, rest, i, rest.length - i);
                less.leave(this);
                places = rest;
                return;
            }
        }
    }

    /** Takes what threads have pinned that have ended, or this one, out of their places; under the lock. */
    void removePlacesOfEnded() {
        for (PinPlaces some : places.clone()) {
            if (some.mayBeEndedHere()) {
                remove(some);
            }
        }
    }

    /** Whether a pin is open, or has ended and holds its frames all the same. */
    boolean holdsAny() {
        return ended > 0 || count() > 0;
    }

    /** Whether pins may be open, or have ended and hold their frames, as far as can be told while accessors pin. */
    boolean mayBeOpen() {
        return first != null || places.length > 0 || ended > 0;
    }

    /** How many pins are open. */
    int count() {
        int count = listed;
        for (PinPlaces some : places) {
            count += some.count();
        }
        return count;
    }

    /** A pin that holds a page in a frame, or null; under the lock. */
    @Nullable Pinned find(long page, long frame) {
        return holding().stream().filter(pinned -> pinned.holds(page, frame)).findAny().orElse(null);
    }

    /** The pins that are open, and those that native code keeps from ending; under the lock. */
    List<Pinned> open() {
        List<Pinned> open = new ArrayList<>(holding());
        open.removeIf(Pins::isOver);
        return open;
    }

    private static boolean isOver(Pinned pinned) {
        SharedViews.Ended with = pinned.isOpen() ? null : pinned.shownWith();
        SharedViews views = with == null ? null : with.get();
        return with != null && (views == null || !views.isInUse());
    }

    /** The pins that hold their frames: those that are open, and some that have ended; under the lock. */
    List<Pinned> holding() {
        if (first == null && places.length == 0) {
            return List.of();
        }
        List<Pinned> open = new ArrayList<>();
        for (Pinned pinned = first; pinned != null; pinned = pinned.next) {
            open.add(pinned);
        }
        for (PinPlaces some : places) {
            some.look(open);
        }
        return open;
    }
}
