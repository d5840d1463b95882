package io.quire.memory;

import io.quire.memory.contract.PageOutcome;
import java.util.Map;

/**
 * What an eviction did, at the moment when each page was tried. What was evicted may have come back since, by promotion
 * or another migration, and what was pinned or written then may be free to go now.
 *
 * @param pool the name of the pool
 * @param wanted how many pages were to go
 * @param evicted how many went to the host
 * @param outcomes how many pages were tried, by what became of them; a page that was tried several times counts once,
 *        as what became of it at last
 */
public record EvictionReport(String pool, int wanted, int evicted, Map<PageOutcome, Integer> outcomes) {

    /** Copies the map. */
    public EvictionReport {
        outcomes = Map.copyOf(outcomes);
    }
}
