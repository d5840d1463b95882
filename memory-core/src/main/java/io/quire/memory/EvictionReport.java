package io.quire.memory;

import io.quire.memory.contract.PageOutcome;
import java.util.Map;

/**
 * What an eviction did.
 *
 * @param pool the name of the pool
 * @param wanted how many pages were to go
 * @param evicted how many went to the host
 * @param outcomes how many pages were tried, by what became of them
 */
public record EvictionReport(String pool, int wanted, int evicted, Map<PageOutcome, Integer> outcomes) {

    /** Copies the map. */
    public EvictionReport {
        outcomes = Map.copyOf(outcomes);
    }
}
