package io.quire.memory;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.table.Geometry;
import java.util.EnumMap;
import java.util.Map;

/** What became of each page of a migration. Immutable. */
public final class MigrationReport {

    private final long address;
    private final MemoryPool pool;
    private final PageOutcome[] outcomes;

    MigrationReport(long address, MemoryPool pool, PageOutcome[] outcomes) {
        this.address = address;
        this.pool = pool;
        this.outcomes = outcomes;
    }

    /** How many pages the range has. */
    public int pages() {
        return outcomes.length;
    }

    /**
     * What became of a page.
     *
     * @param ofAddress any address in it
     * @throws IndexOutOfBoundsException if it is not in the range
     */
    public PageOutcome outcome(long ofAddress) {
        long index = (ofAddress - address) >> Geometry.PAGE_SHIFT;
        if (index < 0 || index >= outcomes.length) {
            throw new IndexOutOfBoundsException("the range has " + outcomes.length + " pages from 0x"
                    + Long.toHexString(address) + ": address=0x" + Long.toHexString(ofAddress));
        }
        return outcomes[(int) index];
    }

    /** How many pages had an outcome. */
    public int count(PageOutcome outcome) {
        int count = 0;
        for (PageOutcome one : outcomes) {
            count += one == outcome ? 1 : 0;
        }
        return count;
    }

    /** How many pages went to the pool: moved, or filled with zeros there. */
    public int moved() {
        return count(PageOutcome.MOVED) + count(PageOutcome.FILLED);
    }

    /** How many pages lie in the pool now. */
    public int there() {
        return moved() + count(PageOutcome.ALREADY_THERE);
    }

    /** Whether every page lies in the pool now; for the host, pages that were never written count too. */
    public boolean isComplete() {
        int nowhere = pool.kind() == PoolKind.HOST ? count(PageOutcome.EMPTY) : 0;
        return there() + nowhere == outcomes.length;
    }

    @Override
    public String toString() {
        Map<PageOutcome, Integer> counts = new EnumMap<>(PageOutcome.class);
        for (PageOutcome outcome : outcomes) {
            counts.merge(outcome, 1, Integer::sum);
        }
        return "MigrationReport[to " + pool.name() + ", pages=" + outcomes.length + ", " + counts + "]";
    }
}
