package io.quire.memory.space;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.Protection;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.upkeep.Recount;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Retired frames that still wait for writers do not delay an invalidation. */
class RetiredTest {

    private final Machine machine = new Machine("test", FramePools.ofHost(100), List.of(), 10,
            new Policies(CowPlacement.HOST, LongTermPolicy.REFUSE, 0, Duration.ofSeconds(10), Duration.ofHours(1),
                    false, false));
    private final Space space = Space.open(machine, "a", opened -> opened);
    private final long address = space.map(10 * FramePool.FRAME_BYTES, Protection.READ_WRITE);

    @Test
    void aPageThatGetsAnotherFrameIsInvalidatedAtOnce() {
        faultUnderLock();
        Space fork = space.fork(false, "b", forked -> forked);
        long before = space.table().translations().version();
        space.table().retired().unsettle(); // like an unmap that returns before its writers have ended

        faultUnderLock();

        assertThat(space.table().translations().isStill(before)).isFalse();
        assertThat(space.table().retired().isEmpty()).as("released although a writer may still use it").isFalse();
        Recount.check(machine);
        fork.close();
        space.close();
        machine.reclaimer().reclaimAll();
        Recount.check(machine);
    }

    private void faultUnderLock() {
        space.table().lock();
        try {
            machine.faults().write(space.state(), address, machine.pools());
        } finally {
            space.table().unlock();
        }
    }
}
