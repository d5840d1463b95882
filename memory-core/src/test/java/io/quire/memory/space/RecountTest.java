package io.quire.memory.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.quire.memory.contract.Protection;
import io.quire.memory.frame.FramePool;
import io.quire.memory.table.LeafDirectory;
import org.junit.jupiter.api.Test;

/** Breaks each count in turn: a check that finds nothing wrong has to be one that would. */
class RecountTest {

    private final Machine machine = Machine.of("counted", new FramePool(100), 10, false);
    private final Space space = Space.open(machine, "a");
    private final long address = space.map(10 * FramePool.FRAME_BYTES, Protection.READ_WRITE);

    @Test
    void wholeMachineIsFine() {
        space.faultForWrite(address);
        Space fork = space.fork(false, "b");
        fork.faultForWrite(address);
        Recount.check(machine);
        space.close();
        Recount.check(machine);
        fork.close();
        Recount.check(machine);
        assertThat(machine.reclaimer().isIdle()).isTrue();
    }

    @Test
    void frameReferencedTooOftenIsFound() {
        space.faultForWrite(address);
        machine.pool().acquire(space.offsetForRead(address));
        assertThatIllegalStateException().isThrownBy(() -> Recount.check(machine))
                .withMessageContaining("references=2");
    }

    @Test
    void frameThatNobodyMapsIsFound() {
        machine.pool().allocate();
        assertThatIllegalStateException().isThrownBy(() -> Recount.check(machine));
    }

    @Test
    void nodeReferencedTooOftenIsFound() {
        space.faultForWrite(address);
        LeafDirectory directory = space.root().directory(address);
        assertThat(directory).isNotNull();
        directory.acquire();
        assertThatIllegalStateException().isThrownBy(() -> Recount.check(machine))
                .withMessageContaining("references=2, node=LeafDirectory");
    }
}
