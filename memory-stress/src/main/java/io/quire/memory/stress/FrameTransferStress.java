package io.quire.memory.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.quire.memory.allocator.FrameAllocator;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * There are as many frames as threads, and each thread takes one at a time. Meanwhile free frames move between
 * magazines and trees.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "every allocation found the free frame")
@Outcome(expect = FORBIDDEN, desc = "an allocation missed a frame that was just moving from one place to another")
@State
public class FrameTransferStress {

    private static final int ROUNDS = 4;

    private final FrameAllocator allocator = new FrameAllocator(2);

    @Actor
    public void first(II_Result r) {
        r.r1 = refusals();
    }

    @Actor
    public void second(II_Result r) {
        r.r2 = refusals();
    }

    private int refusals() {
        int refusals = 0;
        for (int round = 0; round < ROUNDS; round++) {
            int frame = allocator.allocate();
            if (frame == FrameAllocator.NONE) {
                refusals++;
            } else {
                allocator.free(frame);
            }
        }
        return refusals;
    }
}
