package io.quire.memory.pin;

import io.quire.memory.frame.FramePools;
import io.quire.memory.handle.LostHandles;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The pins of all spaces of one manager. Any thread. */
public final class PinRegistry {

    /** Of spaces with pins that show their pages to any thread, or have done so until they ended. */
    private final Set<PinList> withViews = ConcurrentHashMap.newKeySet();

    /** Of spaces that were closed. */
    private final Set<PinList> ofClosed = ConcurrentHashMap.newKeySet();

    /** Of accessors that have written or pinned and are open. */
    private final Set<WatchedAccessor> accessors = ConcurrentHashMap.newKeySet();

    private final FramePools pools;
    private final LongPins longPins;
    private final LostHandles lostHandles;
    private final boolean tracksLeaks;

    /**
     * Without any pin yet.
     *
     * @param longLimitBytes how much may be pinned for long
     * @param lostHandles where pins and accessors go that nobody can reach
     * @param tracksLeaks whether mistakes are to be found where they are made, for a price
     */
    public PinRegistry(FramePools pools, long longLimitBytes, LostHandles lostHandles, boolean tracksLeaks) {
        this.pools = pools;
        this.longPins = new LongPins(longLimitBytes);
        this.lostHandles = lostHandles;
        this.tracksLeaks = tracksLeaks;
    }

    public FramePools pools() {
        return pools;
    }

    public LongPins longPins() {
        return longPins;
    }

    LostHandles lostHandles() {
        return lostHandles;
    }

    public boolean tracksLeaks() {
        return tracksLeaks;
    }

    /** Pins of a space begin to show their pages to any thread; under its lock. */
    public void noteViews(PinList pins) {
        withViews.add(pins);
    }

    /** None does any more; under its lock. */
    public void forgetViews(PinList pins) {
        withViews.remove(pins);
    }

    /** Ends the segments of pins that have ended, as far as native code does not use them. */
    public void endIdleViews() {
        withViews.forEach(PinList::endIdleViewsNow);
    }

    /** A space is about to be closed, and may have pins; under its lock. */
    public void addClosed(PinList pins) {
        ofClosed.add(pins);
    }

    /** None of them is open any more. */
    public void forgetClosed(PinList pins) {
        ofClosed.remove(pins);
    }

    /** Those of spaces that are closed, and may have pins that are open. */
    public Collection<PinList> ofClosed() {
        return ofClosed;
    }

    Set<WatchedAccessor> accessors() {
        return accessors;
    }
}
