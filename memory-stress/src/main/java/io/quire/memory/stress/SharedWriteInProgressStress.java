package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.guard.SharedWriterSlots;
import io.quire.memory.guard.Writers;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Store buffering between a writer in a shared slot and a watcher. No accessor has a slot, so the watcher needs no
 * membarrier.
 */
@JCStressTest
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the write came first and was waited for")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the writer saw the invalidation and did not write")
@Outcome(expect = FORBIDDEN, desc = "neither saw the other, and the write ended after the wait")
@State
public class SharedWriteInProgressStress {

    private static final int SPACE = 1;

    private final Writers writers = new Writers(SPACE, new SharedWriterSlots());
    private final AtomicInteger invalidated = new AtomicInteger();
    private int data;

    @Actor
    public void writer(II_Result r) {
        int slot = writers.enterShared();
        r.r1 = invalidated.getOpaque();
        if (r.r1 == 0) {
            data = 1;
        }
        writers.exitShared(slot);
    }

    @Actor
    public void watcher(II_Result r) {
        invalidated.setOpaque(1);
        writers.await(1);
        r.r2 = data;
    }
}
