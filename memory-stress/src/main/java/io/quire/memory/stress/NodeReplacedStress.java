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
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A fault of one thread replaces a directory that the accessor of another thread has cached. That thread writes and
 * reads meanwhile.
 */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "an accessor reads what it has written")
@Outcome(expect = FORBIDDEN, desc = "a read went through the old directory after a write through the new one")
@State
public class NodeReplacedStress {

    private static final int WRITES = 24;

    private final Stage stage = new Stage();
    private final AddressSpace child = stage.space.fork();

    @Actor
    public void replacer() {
        stage.meet();
        child.setLong(stage.page, 2);
    }

    @Actor
    public void writer(I_Result r) {
        try (Accessor accessor = child.accessor()) {
            accessor.getLong(stage.page);
            stage.meet();
            for (int value = 1; value <= WRITES; value++) {
                accessor.setLong(stage.page + Long.BYTES, value);
                r.r1 |= accessor.getLong(stage.page + Long.BYTES) == value ? 0 : 1;
            }
        }
    }

    @Arbiter
    public void close() {
        stage.space.close();
        child.close();
    }
}
