package io.quire.memory.pin;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.frame.FramePools;
import io.quire.memory.table.Geometry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The pins that an accessor takes without the lock of the space: short-term pins of one page each. Taking one is like a
 * write: the accessor is in its writer slot, and may write the page now. So no other space maps the page. A fork, a
 * migration or an unmap that takes this right away waits for the slot, and then finds the pin, here or by the hold on
 * the frame.
 * <p>
 * Only the accessor's thread pins and unpins here, and doing so allocates nothing. Other threads may look.
 */
public final class AccessorPins {

    /** The most pins at a time. A further pin takes the lock. */
    private static final int PLACES = 8;

    private final FramePools pools;
    private final PinRecord[] places = new PinRecord[PLACES];

    /** One bit for each place, set if the place is free. */
    private int free = (1 << PLACES) - 1;

    /** Makes the places of an accessor of the calling thread. */
    public AccessorPins(PinList list, WatchedAccessor accessor) {
        pools = list.registry().pools();
        for (int place = 0; place < PLACES; place++) {
            places[place] = new PinRecord(list, this, accessor, place);
        }
    }

    /**
     * Pins a page; the caller is in its writer slot. Lock-free.
     *
     * @param offset the offset of a byte in the page, which the caller may write now
     * @return the pin, or null if no place is free or the frame cannot be held once more
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
        boolean released = false;
        try {
            pools.releaseHold(pinned.frame(0));
            released = true;
        } finally {
            if (!released) {
                pinned.undoEnd();
            }
        }
        free |= 1 << pinned.place();
    }

    /** Adds a copy of each open pin to a list. Any thread. */
    public void look(List<PinRecord> into) {
        for (PinRecord place : places) {
            PinRecord held = place.copy();
            if (held != null) {
                into.add(held);
            }
        }
    }

    /** Returns the number of open pins. Any thread. */
    public int count() {
        int count = 0;
        for (PinRecord place : places) {
            count += place.isOpen() ? 1 : 0;
        }
        return count;
    }

    /** True if the caller may end the pins: it is the accessor's thread, or that thread has ended. */
    public boolean mayBeEndedHere() {
        return places[0].mayBeEndedHere();
    }

    /** Moves the open pins to a list. The places are not used again. Allocates nothing. */
    public void leave(PinList list) {
        int open = 0; // read all before the first change, so that nothing fails half way
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
