package io.quire.memory.pin;

import io.quire.memory.frame.FramePools;
import io.quire.memory.handle.LostHandles;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The pins of all spaces of one manager. Any thread. */
public final class PinRegistry {

    /** The lists of spaces where any thread may have segments of pins, open or ended. */
    private final Set<PinList> withViews = ConcurrentHashMap.newKeySet();

    /** The lists of closed spaces that may have open pins. */
    private final Set<PinList> ofClosed = ConcurrentHashMap.newKeySet();

    /** Open accessors that have written or pinned. */
    private final Set<WatchedAccessor> accessors = ConcurrentHashMap.newKeySet();

    private final FramePools pools;
    private final LongPins longPins;
    private final LostHandles lostHandles;
    private final boolean tracksLeaks;

    /**
     * Creates a registry without pins.
     *
     * @param longLimitBytes how much memory long-term pins may hold
     * @param lostHandles receives the pins and accessors that nobody can reach
     * @param tracksLeaks true if leak tracking is on: a mistake shows where it was made, at a price
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

    /** Notes that pins of a space begin to show their pages to any thread. Under its lock. */
    public void noteViews(PinList pins) {
        withViews.add(pins);
    }

    /** Notes that no thread has segments of pins of the space any more. Under its lock. */
    public void forgetViews(PinList pins) {
        withViews.remove(pins);
    }

    /** Ends the segments of ended pins in all spaces, as {@link PinList#endIdleViewsNow} does in one. */
    public void endIdleViews() {
        withViews.forEach(PinList::endIdleViewsNow);
    }

    /** Notes that a space is about to be closed and may have open pins. Under its lock. */
    public void addClosed(PinList pins) {
        ofClosed.add(pins);
    }

    /** Notes that a closed space has no pins any more. */
    public void forgetClosed(PinList pins) {
        ofClosed.remove(pins);
    }

    /** Returns the lists of closed spaces that may have open pins. */
    public Collection<PinList> ofClosed() {
        return ofClosed;
    }

    Set<WatchedAccessor> accessors() {
        return accessors;
    }
}
