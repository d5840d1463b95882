package io.quire.memory.pin;

import io.quire.memory.frame.FrameCache;
import io.quire.memory.guard.Mutex;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.handle.LostHandles;
import io.quire.memory.handle.WatchedHandle;
import io.quire.memory.trace.CreationSite;
import org.jspecify.annotations.Nullable;

/**
 * What an accessor holds of its space from its first write or pin on, watched: a writer slot, free pages, and the pins
 * that were taken through it, each of which keeps the accessor reachable. One that has only read holds nothing.
 */
public final class WatchedAccessor extends WatchedHandle {

    /** Several threads may close what belonged to one that has ended. */
    private final Mutex closing = new Mutex();

    private final PinList pins;
    private final WriterSlot slot;
    private final FrameCache frames;
    private final Thread owner = Thread.currentThread();
    private final CreationSite creation;
    private volatile @Nullable AccessorPins places;

    /** Whether it was closed before it was lost, with pins that were not. */
    private boolean wasClosed;

    /** Watches an accessor of the calling thread. */
    public WatchedAccessor(Object handle, PinList pins, WriterSlot slot, FrameCache frames) {
        super(handle);
        this.pins = pins;
        this.slot = slot;
        this.frames = frames;
        this.creation = CreationSite.now(pins.registry().tracksLeaks());
        pins.registry().accessors().add(this);
    }

    /** Lets the accessor pin without the lock of the space. */
    public AccessorPins newPinPlaces() {
        AccessorPins mine = pins.newPlaces(this);
        places = mine;
        return mine;
    }

    /**
     * Gives back all but the pins that are open, which can be closed by themselves. Again has no effect; after a
     * failure it goes on where it was.
     */
    public void close() {
        closing.lock();
        try {
            pins.removeAccessor(slot, places);
            frames.close();
            pins.registry().accessors().remove(this); // a pin that is still open keeps this
        } finally {
            closing.unlock();
        }
    }

    /** Hands the pins of a thread that has ended over to the space, where everybody can close them. */
    public void handOverPins() {
        AccessorPins its = places;
        if (its != null) {
            pins.removePlaces(its);
        }
    }

    @Override
    protected LostHandles lostHandles() {
        return pins.registry().lostHandles();
    }

    @Override
    protected boolean giveBack() {
        boolean isOpen = pins.registry().accessors().contains(this);
        wasClosed = !isOpen;
        close();
        return pins.unpinAllOf(this) > 0 || (isOpen && !pins.table().isClosed());
    }

    @Override
    protected String describe() {
        return (wasClosed ? "pins of a closed accessor of " : "accessor of ")
                + pins.table().describeName() + ", owner=" + owner.getName() + ", age="
                + creation.age().toMillis() + " ms" + creation.where();
    }
}
