package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.AddressSpace;
import io.quire.memory.Pin;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** A pin races with a fork: the parent keeps the pinned frame, and the child gets one of its own. */
@JCStressTest
@Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "pin and parent show the same frame, the child one moment")
@Outcome(id = "1, ., .", expect = FORBIDDEN, desc = "the child changed after fork() returned")
@Outcome(id = "0, 1, .", expect = FORBIDDEN, desc = "the pin does not show what the parent wrote")
@Outcome(expect = FORBIDDEN, desc = "the parent does not have what was stored through the pin")
@State
public class PinForkStress {

    private final Stage stage = new Stage();
    private @Nullable AddressSpace child;
    private @Nullable Pin held;
    private long atFork;

    @Actor
    public void pinner(III_Result r) {
        stage.meet();
        Pin pin = stage.space.pin(stage.page, Stage.PAGE_BYTES, PinTerm.SHORT, PinAccess.WRITE);
        stage.space.setLong(stage.page + Long.BYTES, 2);
        r.r2 = pin.segments().getFirst().get(ValueLayout.JAVA_LONG, Long.BYTES) == 2 ? 0 : 1;
        held = pin;
    }

    @Actor
    public void forker() {
        stage.meet();
        AddressSpace fork = stage.space.fork();
        atFork = fork.getLong(stage.page);
        child = fork;
    }

    @Arbiter
    public void finish(III_Result r) {
        try (AddressSpace parent = stage.space; AddressSpace fork = Objects.requireNonNull(child);
                Pin pin = Objects.requireNonNull(held)) {
            pin.segments().getFirst().set(ValueLayout.JAVA_LONG, 0, 3);
            r.r3 = parent.getLong(stage.page) == 3 ? 0 : 1;
            r.r1 = fork.getLong(stage.page) == atFork ? 0 : 1;
        }
    }
}
