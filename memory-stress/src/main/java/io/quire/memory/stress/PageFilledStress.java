package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * The first write to a page races with reads of another part of it. Another space had the frame just before.
 */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "the other part reads as zeros")
@Outcome(expect = FORBIDDEN, desc = "the page was visible before it was filled with zeros")
@State
public class PageFilledStress {

    private static final int READS = 24;

    private final Stage stage = new Stage();
    private final long page = stage.space.map(Stage.PAGE_BYTES);

    @Actor
    public void writer() {
        Stage.newSpace(Stage.POISON).close();
        stage.meet();
        stage.space.setLong(page + Long.BYTES, 1);
    }

    @Actor
    public void reader(I_Result r) {
        stage.meet();
        for (int i = 0; i < READS; i++) {
            r.r1 |= stage.space.getLong(page) == 0 ? 0 : 1;
        }
    }

    @Arbiter
    public void close() {
        stage.space.close();
    }
}
