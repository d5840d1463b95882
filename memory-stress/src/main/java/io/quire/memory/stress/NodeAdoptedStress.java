package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.AddressSpace;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJJJ_Result;

/** Both sides of a fork write to the same leaf. One of them copies it; the other may adopt the original. */
@JCStressTest
@Outcome(id = "2, 1, 1, 3", expect = ACCEPTABLE, desc = "each side has its own write and not the other's")
@Outcome(expect = FORBIDDEN, desc = "a write of one side reached the other")
@State
public class NodeAdoptedStress {

    private final Stage stage = new Stage();
    private final AddressSpace child = stage.space.fork();

    @Actor
    public void parentWrites() {
        stage.meet();
        stage.space.setLong(stage.page, 2);
    }

    @Actor
    public void childWrites() {
        stage.meet();
        child.setLong(stage.nextPage, 3);
    }

    @Arbiter
    public void finish(JJJJ_Result r) {
        try (AddressSpace parent = stage.space; AddressSpace fork = child) {
            r.r1 = parent.getLong(stage.page);
            r.r2 = parent.getLong(stage.nextPage);
            r.r3 = fork.getLong(stage.page);
            r.r4 = fork.getLong(stage.nextPage);
        }
    }
}
