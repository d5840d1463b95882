package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.guard.SharedWriterSlots;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.guard.Writers;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Store buffering between a writer with a slot of its own and a watcher with a membarrier. */
@JCStressTest
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the write came first and was waited for")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the writer saw the invalidation and did not write")
@Outcome(expect = FORBIDDEN, desc = "neither saw the other, and the write ended after the wait")
@State
public class WriteInProgressStress {

    /** The watcher waits for slots of other threads only. */
    private static final Thread OWNER = new Thread("writer");
    private static final SharedWriterSlots NO_OTHERS = new SharedWriterSlots();

    private final WriterSlot slot = new WriterSlot();
    private final Writers writers = new Writers(1, NO_OTHERS);
    private final AtomicInteger invalidated = new AtomicInteger();
    private int data;

    public WriteInProgressStress() {
        writers.add(slot, OWNER);
        slot.arm(0);
    }

    @Actor
    public void writer(II_Result r) {
        slot.enter();
        r.r1 = invalidated.getOpaque();
        if (r.r1 == 0) {
            data = 1;
        }
        slot.exit();
    }

    @Actor
    public void watcher(II_Result r) {
        invalidated.setOpaque(1);
        writers.await(1);
        r.r2 = data;
    }
}
