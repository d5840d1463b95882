package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.allocator.FrameAllocator;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two threads take the only run of frames, write to it, and free it. Uses the trees and their bits, no magazine. */
@JCStressTest
@Outcome(id = {"1, 2", "1, -1", "-1, 2"}, expect = ACCEPTABLE, desc = "one after the other, or one found the run taken")
@Outcome(id = "-1, -1", expect = FORBIDDEN, desc = "the run was free during a whole call that did not get it")
@Outcome(expect = FORBIDDEN, desc = "two threads had the run, or a write of the last owner came late")
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
