package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import java.util.Arrays;

/**
 * The outcomes of the pages of a range, kept as runs of pages with the same outcome. So a long range with few different
 * outcomes takes little memory. One thread, while outcomes are added.
 */
public final class OutcomeRuns {

    private static final int RUNS_AT_FIRST = 4;

    /** By run: the first page after it, and the outcome of its pages. */
    private int[] ends = new int[RUNS_AT_FIRST];
    private PageOutcome[] outcomes = new PageOutcome[RUNS_AT_FIRST];
    private int runs;

    /** Adds the next pages of the range. */
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

    /** The outcome of a page, by its index in the range. */
    public PageOutcome get(int page) {
        int found = Arrays.binarySearch(ends, 0, runs, page + 1);
        return outcomes[found >= 0 ? found : -found - 1];
    }

    /** How many pages had this outcome. */
    public int count(PageOutcome outcome) {
        int count = 0;
        for (int run = 0; run < runs; run++) {
            count += outcomes[run] == outcome ? ends[run] - (run == 0 ? 0 : ends[run - 1]) : 0;
        }
        return count;
    }
}
