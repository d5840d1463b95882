package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntConsumer;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntHashSet;

/** What became of the pages that one eviction has tried, each once, and which are not to be tried again. */
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

    /** The page of a frame is not to be tried again in this eviction. */
    void setAside(int frame) {
        aside.add(frame);
    }

    /** Whether a page is not to be tried again: it was, or was never to be. */
    boolean isAside(int frame) {
        return aside.contains(frame);
    }

    /** Does something with the frame of each such page. */
    void forEachAside(IntConsumer deed) {
        aside.forEachInt(deed); // allocates nothing
    }

    /** How many pages have moved. */
    public int moved() {
        return moved;
    }

    /** Whether there was no frame for a page, so that there will be none for others. */
    public boolean isHostFull() {
        return hostIsFull;
    }

    /** How many pages there were, by what became of them. */
    Map<PageOutcome, Integer> counts() {
        Map<PageOutcome, Integer> counts = new EnumMap<>(PageOutcome.class);
        if (moved > 0) {
            counts.put(PageOutcome.MOVED, moved);
        }
        stayed.values().forEach(outcome -> counts.merge(outcome, 1, Integer::sum));
        return counts;
    }
}
