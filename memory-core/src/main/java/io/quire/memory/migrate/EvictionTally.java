package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntConsumer;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntHashSet;

/** The outcome of each page that one eviction has tried, and the pages that it must not try again. */
public final class EvictionTally {

    /** By frame: why its page is still there. */
    private final Int2ObjectHashMap<PageOutcome> stayed = new Int2ObjectHashMap<>();
    private final IntHashSet aside = new IntHashSet();
    private int moved;
    private boolean hostIsFull;

    void add(int frame, PageOutcome outcome) {
        if (outcome == PageOutcome.MOVED) {
            stayed.remove(frame);
            moved++;
        } else {
            stayed.put(frame, outcome);
            setAside(frame);
            hostIsFull |= outcome == PageOutcome.NO_FREE_FRAME;
        }
    }

    /** Notes that this eviction must not try the page of a frame again. */
    void setAside(int frame) {
        aside.add(frame);
    }

    /** True if the page of a frame must not be tried again. */
    boolean isAside(int frame) {
        return aside.contains(frame);
    }

    /** Does something with the frame of each page that was set aside. */
    void forEachAside(IntConsumer deed) {
        aside.forEachInt(deed); // allocates nothing
    }

    /** How many pages have moved. */
    public int moved() {
        return moved;
    }

    /** True if the host had no frame for a page: then it has none for the others either. */
    public boolean isHostFull() {
        return hostIsFull;
    }

    /** How many pages there were of each outcome. */
    Map<PageOutcome, Integer> counts() {
        Map<PageOutcome, Integer> counts = new EnumMap<>(PageOutcome.class);
        if (moved > 0) {
            counts.put(PageOutcome.MOVED, moved);
        }
        stayed.values().forEach(outcome -> counts.merge(outcome, 1, Integer::sum));
        return counts;
    }
}
