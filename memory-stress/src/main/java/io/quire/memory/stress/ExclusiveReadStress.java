package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.Attachment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Additions by a device with exclusive access race with additions by the processor, which end that access. */
@JCStressTest
@Outcome(id = "0, " + (1 + 2 * ExclusiveReadStress.ADDITIONS), expect = ACCEPTABLE, desc = "every addition counts")
@Outcome(id = "1, .*", expect = FORBIDDEN, desc = "a value went back")
@Outcome(expect = FORBIDDEN, desc = "an addition was lost: the access of the device was not exclusive")
@State
public class ExclusiveReadStress {

    static final int ADDITIONS = 20;

    private final TierStage stage = new TierStage();
    private final Attachment attachment = stage.attach();

    @Actor
    public void device() {
        stage.meet();
        for (int i = 0; i < ADDITIONS; i++) {
            TierStage.add(attachment.mirror(), stage.page, 1);
        }
    }

    @Actor
    public void processor(II_Result r) {
        stage.meet();
        long last = 0;
        for (int i = 0; i < ADDITIONS; i++) {
            stage.space.getAndAddLong(stage.page, 1);
            long value = stage.space.getLong(stage.page);
            r.r1 |= value <= last ? 1 : 0;
            last = value;
        }
    }

    @Arbiter
    public void finish(II_Result r) {
        r.r2 = (int) stage.space.getLong(stage.page);
        stage.space.close();
    }
}
