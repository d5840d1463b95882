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

/** Reads race with a copy-on-write. Then the other sharer is closed, and a third space uses the old frame. */
@JCStressTest
@Outcome(id = {"1", "2"}, expect = ACCEPTABLE, desc = "the page before or after the write")
@Outcome(expect = FORBIDDEN, desc = "a read returned the data of another space")
@State
public class TranslationInvalidatedStress {

    private static final int READS = 24;

    private final Stage stage = new Stage();
    private final AddressSpace child = stage.space.fork();

    @Actor
    public void reader(J_Result r) {
        try (Accessor accessor = stage.space.accessor()) {
            accessor.getLong(stage.page);
            stage.meet();
            for (int i = 0; i < READS; i++) {
                r.r1 = Math.max(r.r1, accessor.getLong(stage.page));
            }
        }
    }

    @Actor
    public void writer() {
        stage.meet();
        stage.space.setLong(stage.page, Stage.OLD + 1);
        child.close();
        Stage.newSpace(Stage.POISON).close();
    }

    @Arbiter
    public void close() {
        stage.space.close();
    }
}
