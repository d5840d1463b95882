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

/** A writer makes two plain stores in its slot; another thread waits for the slot. */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "the writer did not write")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the waiting thread sees both stores")
@Outcome(expect = FORBIDDEN, desc = "the slot was clear before a store of its writer was visible")
@State
public class WriteDoneStress {

    private static final Thread OWNER = new Thread("writer");
    private static final SharedWriterSlots NO_OTHERS = new SharedWriterSlots();

    private final WriterSlot slot = new WriterSlot();
    private final Writers writers = new Writers(1, NO_OTHERS);
    private final AtomicInteger invalidated = new AtomicInteger();
    private int first;
    private int second;

    public WriteDoneStress() {
        writers.add(slot, OWNER);
        slot.arm(0);
    }

    @Actor
    public void writer() {
        slot.enter();
        if (invalidated.getOpaque() == 0) {
            first = 1;
            second = 1;
        }
        slot.exit();
    }

    @Actor
    public void watcher(II_Result r) {
        invalidated.setOpaque(1);
        writers.await(1);
        r.r2 = second;
        r.r1 = first;
    }
}
