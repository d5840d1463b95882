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
 * Store buffering between a writer without a slot of its own and a watcher that is alone: no membarrier at
 * all.
 */
@JCStressTest
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the write came first and was waited for")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the writer saw the withdrawal and did not write")
@Outcome(expect = FORBIDDEN, desc = "neither saw the other: the write ends after the wait for it")
@State
public class SharedWriteInProgressStress {

    private static final int SPACE = 1;

    private final SharedWriterSlots slots = new SharedWriterSlots();
    private final Writers writers = new Writers(SPACE, slots);
    private final AtomicInteger withdrawn = new AtomicInteger();
    private int data;

    @Actor
    public void writer(II_Result r) {
        int slot = slots.enter(SPACE);
        r.r1 = withdrawn.getOpaque();
        if (r.r1 == 0) {
            data = 1;
        }
        slots.exit(slot);
    }

    @Actor
    public void watcher(II_Result r) {
        withdrawn.setOpaque(1);
        writers.await();
        r.r2 = data;
    }
}
