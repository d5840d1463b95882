package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.allocator.FrameAllocator;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two threads take the only run of frames, write to it and free it: counts and bits, no magazine. */
@JCStressTest
@Outcome(id = {"1, 2", "1, -1", "-1, 2"}, expect = ACCEPTABLE, desc = "one after the other, or one found it taken")
@Outcome(id = "-1, -1", expect = FORBIDDEN, desc = "the run was free at all times of one of the calls that got none")
@Outcome(expect = FORBIDDEN, desc = "two owners had the run, or the writes of the last owner came late")
@State
public class FrameBitsStress {

    private static final int ORDER = 3;

    private final FrameAllocator allocator = new FrameAllocator(1 << ORDER);
    private int content;

    @Actor
    public void first(II_Result r) {
        r.r1 = use(1);
    }

    @Actor
    public void second(II_Result r) {
        r.r2 = use(2);
    }

    private int use(int value) {
        int frame = allocator.allocate(ORDER);
        if (frame == FrameAllocator.NONE) {
            return -1;
        }
        content = value;
        int seen = content;
        allocator.free(frame, ORDER);
        return seen;
    }
}
