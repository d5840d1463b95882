package io.quire.memory.transfer;

import io.quire.memory.AddressSpace;
import io.quire.memory.table.Geometry;

/**
 * What an export sends, in ascending order: runs of pages with content, and runs of pages that the base has and that
 * read as zeros now.
 * <p>
 * An incremental export relies on what the base has in each range of addresses that lies within a range of the base.
 * Any other range was mapped anew by somebody, so it is sent as if there were no base; an import maps it anew too.
 */
final class ExportPlan {

    private final PageRuns runs;

    private ExportPlan(PageRuns runs) {
        this.runs = runs;
    }

    /** Everything that a snapshot has. */
    static ExportPlan full(AddressSpace snapshot) {
        return new ExportPlan(
                TreeComparison.written(SnapshotPair.table(snapshot), 0, Geometry.ADDRESS_LIMIT).changes());
    }

    /** What has changed since a base. */
    static ExportPlan since(SnapshotPair pair) {
        PageRuns changes = pair.compare().changes();
        AddressRanges was = SnapshotPair.mapped(pair.base());
        AddressRanges is = SnapshotPair.mapped(pair.current());
        PageRuns runs = new PageRuns();
        int run = 0;
        for (int range = 0; range < is.count(); range++) {
            long from = is.start(range);
            long to = is.end(range);
            if (was.contain(from, to)) {
                run = firstBehind(changes, run, from);
                addParts(runs, changes, run, from, to);
            } else {
                addParts(runs, TreeComparison.written(SnapshotPair.table(pair.current()), from, to).changes(), 0, from,
                        to);
            }
        }
        return new ExportPlan(runs);
    }

    private static void addParts(PageRuns target, PageRuns source, int first, long from, long to) {
        for (int run = first; run < source.count() && source.start(run) < to; run++) {
            target.addPart(source, run, from, to);
        }
    }

    /** The first run from some run on that ends behind an address. */
    private static int firstBehind(PageRuns runs, int from, long address) {
        int run = from;
        while (run < runs.count() && runs.end(run) <= address) {
            run++;
        }
        return run;
    }

    PageRuns runs() {
        return runs;
    }

    /** The number of pages whose content is sent. */
    long pages() {
        return runs.pages(true);
    }

    /** The number of pages that are named as empty. */
    long pagesEmptied() {
        return runs.pages(false);
    }

    @Override
    public String toString() {
        return "ExportPlan[pages=" + pages() + ", pagesEmptied=" + pagesEmptied() + "]";
    }
}
