package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.J_Result;

/**
 * A copy-on-write gives up its reference to a frame. Another thread gives up the last one, has the frame used again,
 * and reads through an accessor that has cached it.
 */
@JCStressTest
@Outcome(id = {"1", "2"}, expect = ACCEPTABLE, desc = "the page before or after the write")
@Outcome(expect = FORBIDDEN, desc = "the frame was released before its translation was invalidated")
@State
public class FrameReleasedStress {

    private final Stage stage = new Stage();
    private final AddressSpace child = stage.space.fork();

    @Actor
    public void writer() {
        stage.meet();
        stage.space.setLong(stage.page, Stage.OLD + 1);
    }

    @Actor
    public void reader(J_Result r) {
        try (Accessor accessor = stage.space.accessor()) {
            accessor.getLong(stage.page);
            stage.meet();
            child.close();
            AddressSpace nextOwner = Stage.newSpace(Stage.POISON);
            r.r1 = accessor.getLong(stage.page);
            nextOwner.close();
        }
    }

    @Arbiter
    public void close() {
        stage.space.close();
    }
}
