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

/**
 * Two spaces with leaves of their own write to one shared frame. One of them copies it; the other may keep it.
 */
@JCStressTest
@Outcome(id = "2, 1, 1, 3", expect = ACCEPTABLE, desc = "each side has the old values and its own write")
@Outcome(expect = FORBIDDEN, desc = "a write of one side reached the other")
@State
public class FrameSharedStress {

    private final Stage stage = new Stage();
    private final long first = stage.page;
    private final long last = stage.page + Stage.PAGE_BYTES - Long.BYTES;
    private final AddressSpace child;

    public FrameSharedStress() {
        stage.space.setLong(last, Stage.OLD);
        child = stage.space.fork();
        // A write to the next page gives each side a leaf of its own. The frame of the first page stays shared.
        stage.space.setLong(stage.nextPage, 2);
        child.setLong(stage.nextPage, 3);
    }

    @Actor
    public void parentWrites() {
        stage.meet();
        stage.space.setLong(first, 2);
    }

    @Actor
    public void childWrites() {
        stage.meet();
        child.setLong(last, 3);
    }

    @Arbiter
    public void finish(JJJJ_Result r) {
        try (AddressSpace parent = stage.space; AddressSpace fork = child) {
            r.r1 = parent.getLong(first);
            r.r2 = parent.getLong(last);
            r.r3 = fork.getLong(first);
            r.r4 = fork.getLong(last);
        }
    }
}
