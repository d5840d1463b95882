package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.Pin;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** A pin races with the migration of its page to a device: the page moves before it is pinned, or stays. */
@JCStressTest
@Outcome(id = "3, 2", expect = ACCEPTABLE, desc = "pin and space show each other's stores")
@Outcome(expect = FORBIDDEN, desc = "the page moved although it was pinned")
@State
public class PinMigrateStress {

    private final TierStage stage = new TierStage();

    @Actor
    public void pinner(JJ_Result r) {
        stage.meet();
        try (Pin pin = stage.space.pin(stage.page, Stage.PAGE_BYTES, PinTerm.SHORT, PinAccess.WRITE)) {
            stage.space.setLong(stage.page + Long.BYTES, 2);
            pin.segments().getFirst().set(ValueLayout.JAVA_LONG, 0, 3);
            r.r2 = pin.segments().getFirst().get(ValueLayout.JAVA_LONG, Long.BYTES);
        }
    }

    @Actor
    public void mover() {
        stage.meet();
        stage.moveToDevice();
    }

    @Arbiter
    public void finish(JJ_Result r) {
        r.r1 = stage.space.getLong(stage.page);
        stage.space.close();
    }
}
