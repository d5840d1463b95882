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
 * The parent copies a leaf and gives up the original. The child adopts the original and writes, and then an accessor of
 * the parent reads.
 */
@JCStressTest
@Outcome(id = "1", expect = ACCEPTABLE, desc = "the accessor reads the parent's page")
@Outcome(expect = FORBIDDEN, desc = "the leaf was released before the parent's translations were invalidated")
@State
public class NodeReleasedStress {

    private final Stage stage = new Stage();
    private final AddressSpace child = stage.space.fork();

    @Actor
    public void parentWrites() {
        stage.meet();
        stage.space.setLong(stage.page, 2);
    }

    @Actor
    public void childWrites(J_Result r) {
        try (Accessor parent = stage.space.accessor()) {
            parent.getLong(stage.nextPage);
            stage.meet();
            child.setLong(stage.nextPage, Stage.POISON);
            r.r1 = parent.getLong(stage.nextPage);
        }
    }

    @Arbiter
    public void close() {
        stage.space.close();
        child.close();
    }
}
