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
import org.openjdk.jcstress.infra.results.III_Result;

/** Two threads make the first writes to one shared page, one with an accessor and one without. */
@JCStressTest
@Outcome(id = "1, 2, 3", expect = ACCEPTABLE, desc = "the page has what both have written, and what was there")
@Outcome(expect = FORBIDDEN, desc = "a write is lost, or the page is not a copy")
@State
public class FirstWritesStress {

    private final Stage stage = new Stage();
    private final AddressSpace child = stage.space.fork();

    public FirstWritesStress() {
        child.setLong(stage.nextPage, 2); // the leaf is its own now, so that only the page is copied
    }

    @Actor
    public void writerWithAccessor() {
        try (Accessor accessor = child.accessor()) {
            accessor.getLong(stage.page);
            stage.meet();
            accessor.setLong(stage.page + Long.BYTES, 2);
        }
    }

    @Actor
    public void writer() {
        stage.meet();
        child.setLong(stage.page + 2 * Long.BYTES, 3);
    }

    @Arbiter
    public void finish(III_Result r) {
        r.r1 = (int) child.getLong(stage.page);
        r.r2 = (int) child.getLong(stage.page + Long.BYTES);
        r.r3 = (int) child.getLong(stage.page + 2 * Long.BYTES);
        child.close();
        stage.space.close();
    }
}
