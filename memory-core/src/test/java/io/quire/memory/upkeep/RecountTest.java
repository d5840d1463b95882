package io.quire.memory.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.Protection;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.space.Machine;
import io.quire.memory.space.Policies;
import io.quire.memory.space.Space;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.SharedSlot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Makes each count wrong in turn: the recount must find it. */
class RecountTest {

    private final Machine machine = new Machine("test", FramePools.ofHost(100), List.of(), 10,
            new Policies(CowPlacement.HOST, LongTermPolicy.REFUSE, 0, Duration.ofSeconds(10), Duration.ofHours(1),
                    false, false));
    private final Space space = Space.open(machine, "a", opened -> opened);
    private final long address = space.map(10 * FramePool.FRAME_BYTES, Protection.READ_WRITE);

    @Test
    void recountOfASoundMachineFindsNothing() {
        firstWrite(space);
        Space fork = space.fork(false, "b", forked -> forked);
        firstWrite(fork);
        Recount.check(machine);
        space.close();
        Recount.check(machine);
        fork.close();
        Recount.check(machine);
        assertThat(machine.reclaimer().isIdle()).isTrue();
    }

    @Test
    void frameReferencedTooOftenIsFound() {
        firstWrite(space);
        machine.pools().acquire(machine.faultPath().offsetForRead(space.state(), address));
        assertThatIllegalStateException().isThrownBy(() -> Recount.check(machine))
                .withMessageContaining("references=2");
    }

    @Test
    void frameThatNobodyMapsIsFound() {
        machine.pools().host().allocate();
        assertThatIllegalStateException().isThrownBy(() -> Recount.check(machine));
    }

    @Test
    void nodeReferencedTooOftenIsFound() {
        firstWrite(space);
        LeafDirectory directory = space.table().root().directory(address);
        assertThat(directory).isNotNull();
        directory.acquire();
        assertThatIllegalStateException().isThrownBy(() -> Recount.check(machine))
                .withMessageContaining("references=2, node=LeafDirectory");
    }

    private void firstWrite(Space written) {
        machine.faultPath().firstWrite(written.state(), machine.pools(), new SharedSlot(written.table()))
                .makeWritable(address);
    }
}
