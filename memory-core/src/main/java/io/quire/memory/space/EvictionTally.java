package io.quire.memory.space;

import io.quire.memory.contract.PageOutcome;
import java.util.EnumMap;
import java.util.Map;
import org.agrona.collections.Int2ObjectHashMap;

/** What became of the pages that one eviction has tried: of each page the last, however often it was tried. */
final class EvictionTally {

    /** By frame: why its page is still there. */
    private final Int2ObjectHashMap<PageOutcome> stayed = new Int2ObjectHashMap<>();
    private int moved;
    private boolean hostIsFull;

    void add(int frame, PageOutcome outcome) {
        if (outcome == PageOutcome.MOVED) {
            stayed.remove(frame);
            moved++;
        } else {
            stayed.put(frame, outcome);
            hostIsFull |= outcome == PageOutcome.NO_FREE_FRAME;
        }
    }

    /** How many pages have moved. */
    int moved() {
        return moved;
    }

    /** Whether there was no frame for a page, so that there will be none for others. */
    boolean isHostFull() {
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
