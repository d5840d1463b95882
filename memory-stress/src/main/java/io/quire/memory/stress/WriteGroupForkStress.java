package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.WriteGroup;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/** Groups of two values, in two pages, race with a fork. */
@JCStressTest
@Outcome(id = "true", expect = ACCEPTABLE, desc = "the fork has whole groups")
@Outcome(expect = FORBIDDEN, desc = "the fork has a part of a group")
@State
public class WriteGroupForkStress {

    private static final int GROUPS = 10;

    private final Stage stage = new Stage();

    @Actor
    public void writer() {
        try (Accessor accessor = stage.space.accessor()) {
            WriteGroup group = accessor.newWriteGroup();
            stage.meet();
            for (int i = 1; i <= GROUPS; i++) {
                group.setLong(stage.page, Stage.OLD + i).setLong(stage.nextPage, Stage.OLD + i).commit();
            }
        }
    }

    @Actor
    public void forker(Z_Result r) {
        stage.meet();
        try (AddressSpace fork = stage.space.fork()) {
            r.r1 = fork.getLong(stage.page) == fork.getLong(stage.nextPage);
        }
    }

    @Arbiter
    public void end(Z_Result r) {
        stage.space.close();
    }
}
