package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.AddressSpace;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** The parent adopts a leaf while another thread closes the first fork, which shared the leaf, and forks again. */
@JCStressTest
@Outcome(id = "0, 2", expect = ACCEPTABLE, desc = "the new child shows one moment, the parent has its write")
@Outcome(id = "1, .", expect = FORBIDDEN, desc = "a write of the parent reached the child after fork() returned")
@Outcome(expect = FORBIDDEN, desc = "a write that returned is not in the parent")
@State
public class AdoptForkStress {

    private final Stage stage = new Stage();
    private final AddressSpace first = stage.space.fork();
    private @Nullable AddressSpace second;
    private long atFork;

    @Actor
    public void writer() {
        stage.meet();
        stage.space.setLong(stage.page, 2);
    }

    @Actor
    public void forker() {
        stage.meet();
        first.close();
        AddressSpace fork = stage.space.fork();
        atFork = fork.getLong(stage.page);
        second = fork;
    }

    @Arbiter
    public void finish(II_Result r) {
        try (AddressSpace parent = stage.space; AddressSpace fork = Objects.requireNonNull(second)) {
            r.r1 = fork.getLong(stage.page) == atFork ? 0 : 1;
            r.r2 = (int) parent.getLong(stage.page);
        }
    }
}
