package io.quire.memory.pin;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.frame.FramePools;
import io.quire.memory.table.Geometry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The short pins of one page each that an accessor takes without the lock of the space. Taking one is like a write: in
 * the accessor's writer slot, of a page that it may write now. So no other space maps the page; and whoever takes that
 * away, be it a fork, a migration or an unmap, waits for the slot and then finds the pin, here or by the hold on the
 * frame.
 * <p>
 * For the accessor's thread, which allocates nothing here. Others may look.
 */
public final class AccessorPins {

    /** So many at once; who wants more takes the lock. */
    private static final int PLACES = 8;

    private final FramePools pools;
    private final PinRecord[] places = new PinRecord[PLACES];

    /** A bit for each place. */
    private int free = (1 << PLACES) - 1;

    /** Of an accessor of this thread. */
    public AccessorPins(PinList list, WatchedAccessor accessor) {
        pools = list.registry().pools();
        for (int place = 0; place < PLACES; place++) {
            places[place] = new PinRecord(list, this, accessor, place);
        }
    }

    /**
     * Pins a page; the caller is in its writer slot. Lock-free.
     *
     * @param offset of a byte in the page, which the caller may write now
     * @return null if there is no place left, or the frame is held as often as can be counted
     */
    public @Nullable PinRecord pin(long address, long offset, PinAccess access) {
        // STEP(pin by an accessor 2)
        if (free == 0 || !pools.hold(offset)) {
            return null;
        }
        int place = Integer.numberOfTrailingZeros(free);
        free &= ~(1 << place);
        PinRecord pinned = places[place];
        pinned.open(Geometry.pageStart(address), Geometry.pageStart(offset), access);
        return pinned;
    }

    /** Ends the use of a place; the caller is in its writer slot. Lock-free. */
    public void unpin(PinRecord pinned) {
        pinned.end();
        boolean free = false;
        try {
            pools.releaseHold(pinned.frame(0));
            free = true;
        } finally {
            if (!free) {
                pinned.endNot();
            }
        }
        this.free |= 1 << pinned.place();
    }

    /** What is pinned, for somebody else; any thread. */
    public void look(List<PinRecord> into) {
        for (PinRecord place : places) {
            PinRecord held = place.copy();
            if (held != null) {
                into.add(held);
            }
        }
    }

    /** How many are open; any thread. */
    public int count() {
        int count = 0;
        for (PinRecord place : places) {
            count += place.isOpen() ? 1 : 0;
        }
        return count;
    }

    /** Whether the caller may have those that are open leave: the accessor's thread, or any once that has ended. */
    public boolean mayBeEndedHere() {
        return places[0].mayBeEndedHere();
    }

    /** Puts those into the list that are open; there are no places any more. Allocates nothing. */
    public void leave(PinList list) {
        int open = 0; // first, so that nothing fails half way
        for (int i = 0; i < PLACES; i++) {
            open |= places[i].isOpen() ? 1 << i : 0;
        }
        free = 0;
        for (int i = 0; i < PLACES; i++) {
            if ((open & 1 << i) != 0) {
                places[i].moveOut();
                list.link(places[i]);
            }
        }
    }
}
