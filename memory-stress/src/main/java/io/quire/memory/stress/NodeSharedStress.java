package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.AddressSpace;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/**
 * One space copies or adopts a shared leaf. Meanwhile the other space is closed, and a third one uses the frames that
 * became free.
 */
@JCStressTest
@Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "the writer has its write and every page that it shared")
@Outcome(expect = FORBIDDEN, desc = "a frame was freed that is still mapped")
@State
public class NodeSharedStress {

    private final Stage stage = new Stage();
    private final AddressSpace child = stage.space.fork();

    @Actor
    public void writer() {
        stage.meet();
        stage.space.setLong(stage.page, Stage.OLD + 1);
    }

    @Actor
    public void dropper() {
        stage.meet();
        child.close();
        Stage.newSpace(Stage.POISON).close();
    }

    @Arbiter
    public void finish(JJ_Result r) {
        r.r1 = stage.space.getLong(stage.page);
        r.r2 = stage.space.getLong(stage.nextPage);
        stage.space.close();
    }
}
