package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import java.util.Arrays;

/**
 * What became of the pages of a range, one after the other: as runs of pages of which the same became, so that it takes
 * as much memory as there is to say. Not safe for use by several threads while something is added.
 */
public final class OutcomeRuns {

    private static final int RUNS_AT_FIRST = 4;

    /** By run: the first page after it, and what became of its pages. */
    private int[] ends = new int[RUNS_AT_FIRST];
    private PageOutcome[] outcomes = new PageOutcome[RUNS_AT_FIRST];
    private int runs;

    /** The next pages of the range. */
    public void add(PageOutcome outcome, int pages) {
        int end = Math.addExact(pages(), pages);
        if (runs > 0 && outcomes[runs - 1] == outcome) {
            ends[runs - 1] = end;
        } else if (pages > 0) {
            if (runs == ends.length) {
                outcomes = Arrays.copyOf(outcomes, 2 * runs);
                ends = Arrays.copyOf(ends, 2 * runs);
            }
            ends[runs] = end;
            outcomes[runs++] = outcome;
        }
    }

    /** How many pages there are. */
    public int pages() {
        return runs == 0 ? 0 : ends[runs - 1];
    }

    /** What became of a page, by its place in the range. */
    public PageOutcome get(int page) {
        int found = Arrays.binarySearch(ends, 0, runs, page + 1);
        return outcomes[found >= 0 ? found : -found - 1];
    }

    /** How many pages had an outcome. */
    public int count(PageOutcome outcome) {
        int count = 0;
        for (int run = 0; run < runs; run++) {
            count += outcomes[run] == outcome ? ends[run] - (run == 0 ? 0 : ends[run - 1]) : 0;
        }
        return count;
    }
}
