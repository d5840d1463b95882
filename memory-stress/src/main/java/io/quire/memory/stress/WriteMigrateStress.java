package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.Accessor;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Writes through an accessor race with the migration of the page to a device and back. */
@JCStressTest
@Outcome(id = "0, " + WriteMigrateStress.LAST, expect = ACCEPTABLE, desc = "the page has every write")
@Outcome(id = "1, .*", expect = FORBIDDEN, desc = "an accessor missed a write of its own")
@Outcome(expect = FORBIDDEN, desc = "a write went to the frame that the page had left")
@State
public class WriteMigrateStress {

    static final int LAST = 3_000;

    private final TierStage stage = new TierStage();

    @Actor
    public void writer(II_Result r) {
        try (Accessor accessor = stage.space.accessor()) {
            accessor.setLong(stage.page, Stage.OLD);
            stage.meet();
            for (int value = 2; value <= LAST; value++) {
                accessor.setLong(stage.page, value);
                r.r1 |= accessor.getLong(stage.page) == value ? 0 : 1;
            }
        }
    }

    @Actor
    public void mover() {
        stage.meet();
        stage.moveToDeviceAndBack();
    }

    @Arbiter
    public void finish(II_Result r) {
        r.r2 = (int) stage.space.getLong(stage.page);
        stage.space.close();
    }
}
