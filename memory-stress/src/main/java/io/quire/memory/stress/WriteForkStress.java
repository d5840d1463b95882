package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.Accessor;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Writes through an accessor race with a fork. */
@JCStressTest
@Outcome(id = "0, 0, " + ForkRace.LAST, expect = ACCEPTABLE, desc = "the child shows one moment, the parent has all")
@Outcome(id = "1, ., .*", expect = FORBIDDEN, desc = "a write that returned before fork() is not in the child")
@Outcome(id = "0, 1, .*", expect = FORBIDDEN, desc = "a write of the parent reached the child after fork() returned")
@Outcome(expect = FORBIDDEN, desc = "a write that returned is not in the parent")
@State
public class WriteForkStress {

    private final ForkRace race = new ForkRace();

    @Actor
    public void writer() {
        try (Accessor accessor = race.space().accessor()) {
            race.write(accessor);
        }
    }

    @Actor
    public void forker(III_Result r) {
        race.fork(r);
    }

    @Arbiter
    public void finish(III_Result r) {
        race.finish(r);
    }
}
