package io.quire.memory;

import io.quire.memory.contract.PageOutcome;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What an eviction did, at the moment when each page was tried. What was evicted may have come back since, by promotion
 * or another migration, and what was pinned or written then may be free to go now. A page that was tried several times
 * counts once, as what became of it at last. Immutable.
 */
public final class EvictionReport {

    private final MemoryPool pool;
    private final int wanted;
    private final Map<PageOutcome, Integer> outcomes;

    EvictionReport(MemoryPool pool, int wanted, Map<PageOutcome, Integer> outcomes) {
        this.pool = pool;
        this.wanted = wanted;
        this.outcomes = outcomes;
    }

    /** Where the pages were to go from. */
    public MemoryPool pool() {
        return pool;
    }

    /** How many pages were to go. */
    public int wanted() {
        return wanted;
    }

    /** How many pages were tried. */
    public int pages() {
        int sum = 0;
        for (int count : outcomes.values()) {
            sum += count;
        }
        return sum;
    }

    /** How many of the pages that were tried had an outcome. Each has exactly one. */
    public int count(PageOutcome outcome) {
        return outcomes.getOrDefault(Objects.requireNonNull(outcome, "outcome"), 0);
    }

    /** Every outcome that a page had. */
    public Set<PageOutcome> outcomes() {
        return Collections.unmodifiableSet(outcomes.keySet());
    }

    /** How many pages went to the host. */
    public int moved() {
        return count(PageOutcome.MOVED);
    }

    /** Whether as many pages went as were to go. */
    public boolean isComplete() {
        return moved() >= wanted;
    }

    @Override
    public String toString() {
        return "EvictionReport[from " + pool.name() + ", wanted=" + wanted + ", pages=" + pages() + ", " + outcomes
                + "]";
    }
}
