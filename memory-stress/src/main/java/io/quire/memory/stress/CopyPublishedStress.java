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
 * One thread's write copies a shared page. The other thread writes to the same page without an accessor, and reads with
 * an accessor that has cached the old frame.
 */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "an accessor reads what its thread has written")
@Outcome(expect = FORBIDDEN, desc = "the copy could be written while the old frame could still be read")
@State
public class CopyPublishedStress {

    private static final int WRITES = 24;

    private final Stage stage = new Stage();
    private final AddressSpace child = stage.space.fork();

    public CopyPublishedStress() {
        child.setLong(stage.nextPage, 2); // the leaf is its own now, so that only the page is copied
    }

    @Actor
    public void copier() {
        stage.meet();
        child.setLong(stage.page, 2);
    }

    @Actor
    public void writer(I_Result r) {
        try (Accessor accessor = child.accessor()) {
            accessor.getLong(stage.page);
            stage.meet();
            for (int value = 1; value <= WRITES; value++) {
                child.setLong(stage.page + Long.BYTES, value);
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
