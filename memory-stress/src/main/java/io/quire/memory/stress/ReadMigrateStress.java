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

/**
 * Reads through an accessor that has cached the page race with its migration to a device and back. Another space then
 * uses the frames that the page has left.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "every read returned a current value of the page")
@Outcome(id = "1, .", expect = FORBIDDEN, desc = "a read returned the data of another space")
@Outcome(expect = FORBIDDEN, desc = "a read missed a write that was done before")
@State
public class ReadMigrateStress {

    private final TierStage stage = new TierStage();
    private volatile long written = Stage.OLD;
    private volatile boolean isOver;

    @Actor
    public void reader(II_Result r) {
        try (Accessor accessor = stage.space.accessor()) {
            accessor.getLong(stage.page);
            stage.meet();
            while (!isOver) {
                long known = written;
                long value = accessor.getLong(stage.page);
                r.r1 |= value == Stage.POISON || value == 0 ? 1 : 0;
                r.r2 |= value < known ? 1 : 0;
            }
        }
    }

    @Actor
    public void mover() {
        stage.meet();
        for (long value = 2; value <= 3; value++) {
            stage.moveToDeviceAndBack();
            stage.space.setLong(stage.page, value);
            written = value;
            TierStage.newSpace(Stage.POISON).close();
        }
        isOver = true;
    }

    @Arbiter
    public void close() {
        stage.space.close();
    }
}
