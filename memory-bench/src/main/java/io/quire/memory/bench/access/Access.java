package io.quire.memory.bench.access;

import io.quire.memory.bench.fixture.HugePages;
import io.quire.memory.bench.fixture.WorkingSet;
import io.quire.memory.bench.measure.Figures;
import io.quire.memory.bench.measure.Report;

/** The part of the tour that reads and writes words. */
public final class Access {

    private Access() {
    }

    /** Measures all of it. */
    public static void answer(Report report) {
        for (WorkingSet workingSet : WorkingSet.values()) {
            report.progress("random access to " + workingSet.words() + " ...");
            Twins memory = Twins.of(workingSet);
            try {
                RandomRead.answer(memory, report);
                Gather.answer(memory, report);
                RandomWrite.answer(memory, report);
                if (workingSet == WorkingSet.GIB_1) {
                    report.note("Random access: huge pages back " + HugePages.percent()
                            + " % of the memory of this process while it has 1 GiB of either side.");
                }
                if (workingSet == WorkingSet.MIB_1) {
                    report.note("Random access: of every figure, on both sides, "
                            + Figures.nanos(RandomRead.nanosOfRandomNumber(memory))
                            + " is what the loop and its random number cost without any access.");
                }
            } finally {
                memory.close();
            }
        }
    }
}
