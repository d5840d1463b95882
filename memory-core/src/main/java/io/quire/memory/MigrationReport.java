package io.quire.memory;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.migrate.OutcomeRuns;
import io.quire.memory.table.Geometry;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What became of each page of a migration, when the batch of the page was done.
 * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="migrate"}
 * <p>
 * The migration moves no page twice, so the report is still true when {@code migrate} returns, unless others have moved
 * or copied pages meanwhile: writers, forks, further migrations and evictions, the background agent, and promotion.
 * {@link AddressSpace#pageState} says where a page is now.
 * <p>
 * Immutable; any thread may use it. Takes memory by the number of runs of pages with one outcome.
 *
 * @see AddressSpace#migrate(long, long, MemoryPool)
 */
public final class MigrationReport {

    private final long address;
    private final MemoryPool pool;
    private final OutcomeRuns outcomes;

    MigrationReport(long address, MemoryPool pool, OutcomeRuns outcomes) {
        this.address = address;
        this.pool = pool;
        this.outcomes = outcomes;
    }

    /**
     * Returns the pool that the pages were to go to.
     *
     * @return what {@code migrate} was given
     */
    public MemoryPool pool() {
        return pool;
    }

    /**
     * Returns how many pages the range has.
     *
     * @return 1 or more
     */
    public int pages() {
        return outcomes.pages();
    }

    /**
     * Returns what became of one page.
     * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="outcome"}
     *
     * @param ofAddress any address in the page
     * @return the outcome
     * @throws IndexOutOfBoundsException if the address is not in the range
     */
    public PageOutcome outcome(long ofAddress) {
        long index = (ofAddress - address) >> Geometry.PAGE_SHIFT;
        if (index < 0 || index >= pages()) {
            throw new IndexOutOfBoundsException("the range has " + pages() + " pages from 0x"
                    + Long.toHexString(address) + ": address=0x" + Long.toHexString(ofAddress));
        }
        return outcomes.get((int) index);
    }

    /**
     * Counts the pages that had one outcome. Each page has exactly one.
     *
     * @param outcome to be counted
     * @return 0 to {@link #pages()}
     */
    public int count(PageOutcome outcome) {
        return outcomes.count(Objects.requireNonNull(outcome, "outcome"));
    }

    /**
     * Returns every outcome that a page had.
     *
     * @return a set that does not change
     */
    public Set<PageOutcome> outcomes() {
        Set<PageOutcome> found = EnumSet.noneOf(PageOutcome.class);
        for (PageOutcome outcome : PageOutcome.values()) {
            if (count(outcome) > 0) {
                found.add(outcome);
            }
        }
        return Collections.unmodifiableSet(found);
    }

    /**
     * Counts the pages that went to the pool: those that moved, and those that got a frame of zeros there.
     *
     * @return 0 to {@link #pages()}
     */
    public int moved() {
        return count(PageOutcome.MOVED) + count(PageOutcome.FILLED);
    }

    /**
     * Counts the pages that lay in the pool when their batch was done, with those that lay there before.
     *
     * @return 0 to {@link #pages()}
     */
    public int there() {
        return moved() + count(PageOutcome.ALREADY_THERE);
    }

    /**
     * Tells if every page lay in the pool when its batch was done. If the pool is the host's, pages that were never
     * written count as if they did.
     *
     * @return true if nothing was left to move
     */
    public boolean isComplete() {
        int nowhere = pool.kind() == PoolKind.HOST ? count(PageOutcome.EMPTY) : 0;
        return there() + nowhere == pages();
    }

    @Override
    public String toString() {
        Map<PageOutcome, Integer> counts = new EnumMap<>(PageOutcome.class);
        for (PageOutcome outcome : outcomes()) {
            counts.put(outcome, count(outcome));
        }
        return "MigrationReport[to " + pool.name() + ", pages=" + pages() + ", " + counts + "]";
    }
}
