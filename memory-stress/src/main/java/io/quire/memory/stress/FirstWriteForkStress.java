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

/** As {@link WriteForkStress}, but the page is shared with an earlier fork, so that the first write copies it. */
@JCStressTest
@Outcome(id = "0, 0, " + ForkRace.LAST, expect = ACCEPTABLE, desc = "the child shows one moment, the parent has all")
@Outcome(id = "1, ., .*", expect = FORBIDDEN, desc = "a write that returned before fork() is not in the child")
@Outcome(id = "0, 1, .*", expect = FORBIDDEN, desc = "a write of the parent reached the child after fork() returned")
@Outcome(expect = FORBIDDEN, desc = "a write that returned is not in the parent")
@State
public class FirstWriteForkStress {

    private final ForkRace race = new ForkRace();
    private final AddressSpace earlier = race.space().fork();

    @Actor
    public void writer() {
        try (Accessor accessor = race.space().accessor()) {
            race.writeFirst(accessor);
        }
    }

    @Actor
    public void forker(III_Result r) {
        race.fork(r);
    }

    @Arbiter
    public void finish(III_Result r) {
        race.finish(r);
        earlier.close();
    }
}
