package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.AddressSpace;
import io.quire.memory.contract.AddressNotMappedException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** A page moves from a device to the host while it is unmapped, after which another space uses the frames. */
@JCStressTest
@Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "the next page and the new space have their own values")
@Outcome(expect = FORBIDDEN, desc = "the page was copied into a frame that another space had by then")
@State
public class EvictUnmapStress {

    private static final long NEW = 7;

    private final TierStage stage = new TierStage();
    private @Nullable AddressSpace other;

    public EvictUnmapStress() {
        stage.moveToDevice();
    }

    @Actor
    public void evictor() {
        stage.meet();
        try {
            stage.moveToHost();
        } catch (AddressNotMappedException unmapped) {
            // Expected if the page was unmapped before the move began.
        }
    }

    @Actor
    public void unmapper() {
        stage.meet();
        stage.space.unmap(stage.page, Stage.PAGE_BYTES);
        other = TierStage.newSpace(NEW);
    }

    @Arbiter
    public void finish(JJ_Result r) {
        r.r1 = stage.space.getLong(stage.nextPage);
        try (AddressSpace user = Objects.requireNonNull(other)) {
            r.r2 = user.getLong(stage.page);
        }
        stage.space.close();
    }
}
