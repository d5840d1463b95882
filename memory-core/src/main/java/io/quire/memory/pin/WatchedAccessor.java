package io.quire.memory.pin;

import io.quire.memory.frame.FrameCache;
import io.quire.memory.guard.Mutex;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.handle.LostHandles;
import io.quire.memory.handle.WatchedHandle;
import io.quire.memory.trace.CreationSite;
import org.jspecify.annotations.Nullable;

/**
 * Watches an accessor from its first write or pin on, and gives back what it holds: a writer slot, free frames, and the
 * pins taken through it. An accessor that has only read holds nothing. Each of its pins keeps it reachable.
 */
public final class WatchedAccessor extends WatchedHandle {

    /** If the owner has ended, several threads may close the accessor at a time. */
    private final Mutex closing = new Mutex();

    private final PinList pins;
    private final WriterSlot slot;
    private final FrameCache frames;
    private final Thread owner = Thread.currentThread();
    private final CreationSite creation;
    private volatile @Nullable AccessorPins places;

    /** True if the accessor was closed before it was lost, so that only pins were left. */
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
     * Gives back everything but the open pins, which can still be closed on their own. Calling it again has no effect;
     * after a failure it goes on where it stopped.
     */
    public void close() {
        closing.lock();
        try {
            pins.removeAccessor(slot, places);
            frames.close();
            pins.registry().accessors().remove(this); // the records of open pins still refer to this
        } finally {
            closing.unlock();
        }
    }

    /** Moves the pins of a thread that has ended to the list of the space, where any thread can close them. */
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
