package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.Accessor;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** Writes through an accessor race with a protect that forbids them. */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "nothing was written after protect() had returned")
@Outcome(expect = FORBIDDEN, desc = "a write reached a page that was already read-only")
@State
public class WriteProtectStress {

    private static final int WRITES = 24;

    private final Stage stage = new Stage();
    private long atProtect;

    @Actor
    public void writer() {
        try (Accessor accessor = stage.space.accessor()) {
            accessor.setLong(stage.page, Stage.OLD);
            stage.meet();
            for (int value = 2; value < WRITES; value++) {
                accessor.setLong(stage.page, value);
            }
        } catch (ProtectionException readOnly) {
            // Expected: the page is read-only.
        }
    }

    @Actor
    public void protector() {
        stage.meet();
        stage.space.protect(stage.page, Stage.PAGE_BYTES, Protection.READ_ONLY);
        atProtect = stage.space.getLong(stage.page);
    }

    @Arbiter
    public void finish(I_Result r) {
        r.r1 = stage.space.getLong(stage.page) == atProtect ? 0 : 1;
        stage.space.close();
    }
}
