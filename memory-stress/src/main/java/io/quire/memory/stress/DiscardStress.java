package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.J_Result;

/** Reads without an accessor race with a discard, after which another space uses the frame. */
@JCStressTest
@Outcome(id = {"0", "1"}, expect = ACCEPTABLE, desc = "the page before or after the discard")
@Outcome(expect = FORBIDDEN, desc = "a read returned the data of another space")
@State
public class DiscardStress {

    private static final int READS = 24;

    private final Stage stage = new Stage();

    @Actor
    public void reader(J_Result r) {
        stage.meet();
        for (int i = 0; i < READS; i++) {
            r.r1 = Math.max(r.r1, stage.space.getLong(stage.page));
        }
    }

    @Actor
    public void discarder() {
        stage.meet();
        stage.space.discard(stage.page, Stage.PAGE_BYTES);
        Stage.newSpace(Stage.POISON).close();
    }

    @Arbiter
    public void close() {
        stage.space.close();
    }
}
