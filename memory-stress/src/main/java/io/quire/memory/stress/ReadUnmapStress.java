package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.contract.AddressNotMappedException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Reads race with an unmap, after which another space uses the frame. */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "the page was there, or the read was refused")
@Outcome(id = "1, .", expect = FORBIDDEN, desc = "a page that was written read as zeros")
@Outcome(expect = FORBIDDEN, desc = "a read returned the data of another space")
@State
public class ReadUnmapStress {

    private static final int READS = 24;

    private final Stage stage = new Stage();

    @Actor
    public void reader(II_Result r) {
        stage.meet();
        try {
            for (int i = 0; i < READS; i++) {
                long value = stage.space.getLong(stage.page);
                r.r1 |= value == 0 ? 1 : 0;
                r.r2 |= value == Stage.POISON ? 1 : 0;
            }
        } catch (AddressNotMappedException unmapped) {
            // Expected: the page is unmapped.
        }
    }

    @Actor
    public void unmapper() {
        stage.meet();
        stage.space.unmap(stage.page, Stage.PAGE_BYTES);
        Stage.newSpace(Stage.POISON).close();
    }

    @Arbiter
    public void close() {
        stage.space.close();
    }
}
