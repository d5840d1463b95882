package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A writer arms its slot and writes, while a watcher makes a new version and asks by which one it is armed. */
@JCStressTest
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the write came first and was waited for")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the writer saw the new version and did not write")
@Outcome(expect = FORBIDDEN, desc = "the watcher took the slot for not armed, and the writer did not see the version")
@State
public class WriterArmedStress {

    private final AskedWriter race = new AskedWriter();

    @Actor
    public void writer(II_Result r) {
        race.slot.arm(0);
        race.write(r);
    }

    @Actor
    public void watcher(II_Result r) {
        race.watch(r);
    }
}
