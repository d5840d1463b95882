package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** A reader of the same space reads the second value of a group, and then the first. */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "before the group")
@Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "amid the group")
@Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "after the group")
@Outcome(expect = FORBIDDEN, desc = "the second value was seen before the first")
@State
public class WriteGroupOrderStress {

    private final Stage stage = new Stage();

    @Actor
    public void writer() {
        stage.meet();
        stage.space.newWriteGroup().setLong(stage.page, 2).setLong(stage.nextPage, 2).commit();
    }

    @Actor
    public void reader(JJ_Result r) {
        stage.meet();
        r.r1 = stage.space.getLongAcquire(stage.nextPage);
        r.r2 = stage.space.getLongAcquire(stage.page);
    }

    @Arbiter
    public void end(JJ_Result r) {
        stage.space.close();
    }
}
