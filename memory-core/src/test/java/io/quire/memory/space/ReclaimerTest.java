package io.quire.memory.space;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.Protection;
import io.quire.memory.fault.FirstWrite;
import io.quire.memory.frame.FrameCache;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.SharedSlot;
import io.quire.memory.upkeep.Recount;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReclaimerTest {

    private final FramePools pools = FramePools.ofHost(100);
    private final Machine machine = new Machine("test", pools, List.of(), 10,
            new Policies(CowPlacement.HOST, LongTermPolicy.REFUSE, 0, Duration.ofSeconds(10), Duration.ofHours(1),
                    false, false));
    private final Space space = Space.open(machine, "a", opened -> opened);
    private final long address = space.map(10 * FramePool.FRAME_BYTES, Protection.READ_WRITE);

    @Test
    void aFaultUsesTheFramesOfTheNodesThatItDestroys() {
        try (FrameCache frames = pools.newFrameCache()) {
            FirstWrite firstWrite =
                    machine.faultPath().firstWrite(space.state(), frames, new SharedSlot(space.table()));
            for (int page = 0; page < 10; page++) {
                long frame = dropLeafWithOneFrame();
                firstWrite.makeWritable(address + (long) page * FramePool.FRAME_BYTES);
                assertThat(
                        machine.faultPath().offsetForRead(space.state(), address + (long) page * FramePool.FRAME_BYTES))
                        .isEqualTo(frame);
            }
        }
        Recount.check(machine);
    }

    private long dropLeafWithOneFrame() {
        long frame = pools.host().allocate();
        long[] leaf = Leaf.create();
        Leaf.set(leaf, 0, Entry.present(frame));
        machine.reclaimer().release(leaf);
        return frame;
    }
}
