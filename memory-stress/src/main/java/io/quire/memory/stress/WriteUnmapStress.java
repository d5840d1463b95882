package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.contract.AddressNotMappedException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.J_Result;

/** Writes through an accessor race with an unmap, after which another space uses the frame. */
@JCStressTest
@Outcome(id = "7", expect = ACCEPTABLE, desc = "no write of the old owner reached the new one")
@Outcome(expect = FORBIDDEN, desc = "a write landed in the frame of another space")
@State
public class WriteUnmapStress {

    private static final long NEW = 7;
    private static final int WRITES = 24;

    private final Stage stage = new Stage();
    private @Nullable AddressSpace other;

    @Actor
    public void writer() {
        try (Accessor accessor = stage.space.accessor()) {
            write(accessor);
        }
    }

    private void write(MemoryAccess access) {
        access.setLong(stage.page, Stage.OLD);
        stage.meet();
        try {
            for (int i = 0; i < WRITES; i++) {
                access.setLong(stage.page, Stage.POISON);
            }
        } catch (AddressNotMappedException unmapped) {
            // Expected: the page is unmapped.
        }
    }

    @Actor
    public void unmapper() {
        stage.meet();
        stage.space.unmap(stage.page, Stage.PAGE_BYTES);
        other = Stage.newSpace(NEW);
    }

    @Arbiter
    public void finish(J_Result r) {
        try (AddressSpace user = Objects.requireNonNull(other)) {
            r.r1 = stage.firstValue(user);
        }
        stage.space.close();
    }
}
