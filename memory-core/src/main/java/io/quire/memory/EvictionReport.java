package io.quire.memory;

import io.quire.memory.contract.PageOutcome;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What an eviction did, as it was when each page was tried.
 * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="evict"}
 * <p>
 * An evicted page may have come back since, by promotion or another migration; a page that was pinned or written may be
 * free to go now. A page that was tried several times counts once, with the last outcome. Immutable; any thread may use
 * it.
 *
 * @see MemoryManager#evict
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

    /**
     * Returns the pool that the pages were to leave.
     *
     * @return what {@code evict} was given
     */
    public MemoryPool pool() {
        return pool;
    }

    /**
     * Returns how many pages were to go.
     *
     * @return what {@code evict} was given
     */
    public int wanted() {
        return wanted;
    }

    /**
     * Returns how many pages were tried.
     *
     * @return 0 or more; also more than {@link #wanted()} if some could not go
     */
    public int pages() {
        int sum = 0;
        for (int count : outcomes.values()) {
            sum += count;
        }
        return sum;
    }

    /**
     * Counts the tried pages that had one outcome. Each page has exactly one.
     *
     * @param outcome to be counted
     * @return 0 to {@link #pages()}
     */
    public int count(PageOutcome outcome) {
        return outcomes.getOrDefault(Objects.requireNonNull(outcome, "outcome"), 0);
    }

    /**
     * Returns every outcome that a page had.
     *
     * @return a set that does not change
     */
    public Set<PageOutcome> outcomes() {
        return Collections.unmodifiableSet(outcomes.keySet());
    }

    /**
     * Counts the pages that went to the host.
     *
     * @return 0 to {@link #pages()}
     */
    public int moved() {
        return count(PageOutcome.MOVED);
    }

    /**
     * Tells if as many pages went as were wanted.
     *
     * @return true if {@link #moved()} is {@link #wanted()} or more
     */
    public boolean isComplete() {
        return moved() >= wanted;
    }

    @Override
    public String toString() {
        return "EvictionReport[from " + pool.name() + ", wanted=" + wanted + ", pages=" + pages() + ", " + outcomes
                + "]";
    }
}
