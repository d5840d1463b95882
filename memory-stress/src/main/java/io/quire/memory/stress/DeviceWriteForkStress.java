package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Writes by a device race with a fork. */
@JCStressTest
@Outcome(id = "0, 0, "
        + DeviceWriteForkStress.LAST, expect = ACCEPTABLE, desc = "the child shows one moment, the parent has all")
@Outcome(id = "1, ., .*", expect = FORBIDDEN, desc = "a write that was done before fork() is not in the child")
@Outcome(id = "0, 1, .*", expect = FORBIDDEN, desc = "a write of the device reached the child after fork() returned")
@Outcome(expect = FORBIDDEN, desc = "a write that was done is not in the parent")
@State
public class DeviceWriteForkStress {

    static final int LAST = 1_000;

    private final TierStage stage = new TierStage();
    private final Attachment attachment = stage.attach();
    private @Nullable AddressSpace child;
    private volatile long completed = Stage.OLD;
    private long atFork;

    @Actor
    public void device() {
        TierStage.store(attachment.mirror(), stage.page, Stage.OLD);
        stage.meet();
        for (long value = Stage.OLD + 1; value <= LAST; value++) {
            TierStage.store(attachment.mirror(), stage.page, value);
            completed = value;
        }
    }

    @Actor
    public void forker(III_Result r) {
        stage.meet();
        long completedBefore = completed;
        AddressSpace fork = stage.space.fork();
        atFork = fork.getLong(stage.page);
        r.r1 = atFork < completedBefore ? 1 : 0;
        child = fork;
    }

    @Arbiter
    public void finish(III_Result r) {
        try (AddressSpace parent = stage.space; AddressSpace fork = Objects.requireNonNull(child)) {
            r.r2 = fork.getLong(stage.page) == atFork ? 0 : 1;
            r.r3 = (int) parent.getLong(stage.page);
        }
    }
}
