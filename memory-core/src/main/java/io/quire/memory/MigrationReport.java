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
 * What became of each page of a migration: as it was when the batch of the page was done. The migration itself takes no
 * page away that it has moved, so if nobody else does, all of it is still so when {@code migrate} returns. Others may:
 * writers, forks, further migrations and evictions, the background agent, and promotion. Immutable; takes as much
 * memory as neighbours differ.
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

    /** Where the pages were to go. */
    public MemoryPool pool() {
        return pool;
    }

    /** How many pages the range has. */
    public int pages() {
        return outcomes.pages();
    }

    /**
     * What became of a page.
     *
     * @param ofAddress any address in it
     * @throws IndexOutOfBoundsException if it is not in the range
     */
    public PageOutcome outcome(long ofAddress) {
        long index = (ofAddress - address) >> Geometry.PAGE_SHIFT;
        if (index < 0 || index >= pages()) {
            throw new IndexOutOfBoundsException("the range has " + pages() + " pages from 0x"
                    + Long.toHexString(address) + ": address=0x" + Long.toHexString(ofAddress));
        }
        return outcomes.get((int) index);
    }

    /** How many pages had an outcome. Each page has exactly one. */
    public int count(PageOutcome outcome) {
        return outcomes.count(Objects.requireNonNull(outcome, "outcome"));
    }

    /** Every outcome that a page had. */
    public Set<PageOutcome> outcomes() {
        Set<PageOutcome> found = EnumSet.noneOf(PageOutcome.class);
        for (PageOutcome outcome : PageOutcome.values()) {
            if (count(outcome) > 0) {
                found.add(outcome);
            }
        }
        return Collections.unmodifiableSet(found);
    }

    /** How many pages went to the pool: moved, or filled with zeros there. */
    public int moved() {
        return count(PageOutcome.MOVED) + count(PageOutcome.FILLED);
    }

    /** How many pages lay in the pool when their batch was done. */
    public int there() {
        return moved() + count(PageOutcome.ALREADY_THERE);
    }

    /**
     * Whether every page lay in the pool when its batch was done; for the host, pages that were never written count too.
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
