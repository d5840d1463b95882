package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.guard.SharedWriterSlots;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.guard.Writers;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A writer enters its slot to put a page in, and then writes by the version that it found, while a watcher makes a new
 * version and asks by which one the slot is armed.
 */
@JCStressTest
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the write came first and was waited for")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the writer saw the new version and did not write")
@Outcome(expect = FORBIDDEN, desc = "the watcher took the slot for idle or informed, and the writer did not see the version")
@State
public class WriterChangingStress {

    private static final Thread OWNER = new Thread("writer");
    private static final SharedWriterSlots NO_OTHERS = new SharedWriterSlots();

    private final WriterSlot slot = new WriterSlot();
    private final Writers writers = new Writers(1, NO_OTHERS);
    private final AtomicLong version = new AtomicLong();
    private int data;

    public WriterChangingStress() {
        writers.add(slot, OWNER);
    }

    @Actor
    public void writer(II_Result r) {
        slot.enterToChange();
        slot.exitChange(version.getAcquire());
        slot.enter();
        r.r1 = (int) version.getOpaque();
        if (r.r1 == 0) {
            data = 1;
        }
        slot.exit();
    }

    @Actor
    public void watcher(II_Result r) {
        version.setOpaque(1);
        writers.await(1);
        r.r2 = data;
    }
}
