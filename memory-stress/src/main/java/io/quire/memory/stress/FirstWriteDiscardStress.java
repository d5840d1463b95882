package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.AddressSpace;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** The first write to a shared page races with a discard of the page, after which another space uses a freed frame. */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "the write came before the discard")
@Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "the write came after the discard, to a page of zeros")
@Outcome(expect = FORBIDDEN, desc = "a copy of the discarded page was put in, or a frame of another space")
@State
public class FirstWriteDiscardStress {

    private final Stage stage = new Stage();
    private final AddressSpace child = stage.space.fork();

    public FirstWriteDiscardStress() {
        child.setLong(stage.nextPage, 2); // the leaf is its own now, so that only the page is copied
    }

    @Actor
    public void writer() {
        stage.meet();
        child.setLong(stage.page + Long.BYTES, 2);
    }

    @Actor
    public void discarder() {
        stage.meet();
        child.discard(stage.page, Stage.PAGE_BYTES);
        Stage.newSpace(Stage.POISON).close();
    }

    @Arbiter
    public void finish(II_Result r) {
        r.r1 = (int) child.getLong(stage.page + Long.BYTES);
        r.r2 = (int) child.getLong(stage.page);
        child.close();
        stage.space.close();
    }
}
