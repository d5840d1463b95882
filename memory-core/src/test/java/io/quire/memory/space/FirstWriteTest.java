package io.quire.memory.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.fault.FirstWrite;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.table.SharedSlot;
import io.quire.memory.table.TranslationVersion;
import io.quire.memory.table.WriterStay;
import io.quire.memory.upkeep.Recount;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * First writes that something comes between: after the copy is made, and before the slot is entered; or in the slot.
 */
class FirstWriteTest {

    private static final long PAGE_BYTES = FramePool.FRAME_BYTES;
    private static final long OLD = 1;
    private static final long NEW = 2;

    private final FramePools pools = FramePools.ofHost(100);
    private final Machine machine = new Machine("test", pools, List.of(), 10,
            new Policies(CowPlacement.HOST, LongTermPolicy.REFUSE, 0, Duration.ofSeconds(10), Duration.ofHours(1),
                    false, false));
    private final Space space = Space.open(machine, "a", opened -> opened);
    private final long page = space.map(10 * PAGE_BYTES, Protection.READ_WRITE);

    @AfterEach
    void everyFrameIsCounted() {
        Recount.check(machine);
    }

    private static Space fork(Space of) {
        return of.fork(false, null, forked -> forked);
    }

    private FirstWrite firstWrite(WriterStay stay) {
        return machine.faultPath().firstWrite(space.state(), pools, stay);
    }

    /** A stay that does something else once, just before it enters the slot. */
    private WriterStay after(Runnable interference) {
        return new Interfering(interference);
    }

    private long write(WriterStay stay, long address, long value) {
        long frame = firstWrite(stay).makeWritable(address);
        pools.memory().setLong(frame, value);
        return frame;
    }

    private long read(Space from, long address) {
        return pools.memory().getLong(machine.faultPath().offsetForRead(from.state(), address));
    }

    private void writeAndShare() {
        write(new SharedSlot(space.table()), page, OLD);
        fork(space);
        write(new SharedSlot(space.table()), page + PAGE_BYTES, OLD); // the leaf is the space's own, the page is shared
    }

    @Test
    void aForkThatComesBetweenHasWhatWasThereBefore() {
        writeAndShare();
        Space[] between = new Space[1];
        write(after(() -> between[0] = fork(space)), page, NEW);
        assertThat(read(space, page)).isEqualTo(NEW);
        assertThat(read(between[0], page)).isEqualTo(OLD);
    }

    @Test
    void anEmptyPageOfAForkThatComesBetweenStaysEmpty() {
        write(new SharedSlot(space.table()), page + PAGE_BYTES, OLD);
        Space[] between = new Space[1];
        write(after(() -> between[0] = fork(space)), page, NEW);
        assertThat(read(space, page)).isEqualTo(NEW);
        assertThat(read(between[0], page)).isZero();
    }

    @Test
    void aPageThatIsTakenOverStaysSharedIfAForkComesBetween() {
        writeAndShare();
        Space[] between = new Space[1];
        closeAllButTheFirst();
        write(after(() -> between[0] = fork(space)), page, NEW);
        assertThat(read(between[0], page)).isEqualTo(OLD);
    }

    private void closeAllButTheFirst() {
        machine.spaces().list().stream().filter(other -> other != space).forEach(Space::close);
        machine.reclaimer().reclaimAll();
    }

    @Test
    void anotherFirstWriteThatComesBetweenKeepsItsFrame() {
        writeAndShare();
        long[] other = new long[1];
        long frame = write(after(() -> other[0] = write(new SharedSlot(space.table()), page, 3)), page, NEW);
        assertThat(frame).isEqualTo(other[0]);
        assertThat(read(space, page)).isEqualTo(NEW);
    }

    @Test
    void aPageThatIsDiscardedBetweenIsFilledWithZeros() {
        writeAndShare();
        long frame = firstWrite(after(() -> space.discard(page, PAGE_BYTES))).makeWritable(page);
        assertThat(pools.memory().getLong(frame)).isZero();
    }

    @Test
    void aPageThatIsUnmappedBetweenIsRefused() {
        writeAndShare();
        FirstWrite late = firstWrite(after(() -> space.unmap(page, PAGE_BYTES)));
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> late.makeWritable(page));
    }

    @Test
    void aPageThatIsProtectedBetweenIsRefused() {
        writeAndShare();
        for (Protection protection : List.of(Protection.READ_ONLY, Protection.NONE)) {
            space.protect(page, PAGE_BYTES, Protection.READ_WRITE);
            FirstWrite late = firstWrite(after(() -> space.protect(page, PAGE_BYTES, protection)));
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> late.makeWritable(page));
        }
    }

    @Test
    void aFrozenTableIsChangedUnderTheLock() {
        writeAndShare();
        space.table().lock();
        try {
            WriterStay never = new Interfering(() -> {
                throw new AssertionError("entered a slot");
            });
            space.table().freeze();
            write(never, page, NEW);
            space.table().thaw();
        } finally {
            space.table().unlock();
        }
        assertThat(read(space, page)).isEqualTo(NEW);
    }

    @Test
    void aTableThatIsFrozenBetweenIsChangedUnderTheLock() {
        writeAndShare();
        space.table().lock();
        try {
            write(after(() -> space.table().freeze()), page, NEW);
            space.table().thaw();
        } finally {
            space.table().unlock();
        }
        assertThat(read(space, page)).isEqualTo(NEW);
    }

    @Test
    void aCopyIsWritableAtTheVersionThatItMakes() {
        writeAndShare();
        long before = space.table().translations().version();
        FirstWrite alone = firstWrite(new SharedSlot(space.table()));
        alone.makeWritable(page);
        assertThat(alone.version()).isEqualTo(before + 1).isEqualTo(space.table().translations().version());
    }

    @Test
    void aPageIsWritableUntilTheRootChanges() {
        writeAndShare();
        FirstWrite write = firstWrite(new SharedSlot(space.table()));
        write.makeWritable(page);
        space.table().translations().invalidate(page + PAGE_BYTES); // as by a first write of another thread
        assertThat(write.isStillWritable()).isTrue();
        write.makeWritable(page);
        fork(space);
        assertThat(write.isStillWritable()).isFalse();
    }

    @Test
    void aPageThatWasMadeWritableUnderTheLockIsSoUntilTheVersionChanges() {
        writeAndShare();
        FirstWrite write = firstWrite(new SharedSlot(space.table()));
        space.table().lock();
        try {
            space.table().freeze();
            write.makeWritable(page);
            assertThat(write.isStillWritable()).isTrue();
            write.makeWritable(page);
            space.table().translations().invalidate(TranslationVersion.WRITES);
            assertThat(write.isStillWritable()).isFalse();
            space.table().thaw();
        } finally {
            space.table().unlock();
        }
    }

    @Test
    void withoutAFrameNothingChanges() {
        writeAndShare();
        List<Long> taken = new ArrayList<>();
        for (long frame = pools.allocate(); frame != FramePool.NONE; frame = pools.allocate()) {
            taken.add(frame);
        }
        assertThatExceptionOfType(OutOfFramesException.class)
                .isThrownBy(() -> firstWrite(new SharedSlot(space.table())).makeWritable(page));
        taken.forEach(pools::release);
        assertThat(read(space, page)).isEqualTo(OLD);
    }

    /** A shared slot; something happens once before it is entered. */
    private final class Interfering implements WriterStay {

        private final WriterStay slot = new SharedSlot(space.table());
        private final Runnable before;
        private boolean done;

        Interfering(Runnable before) {
            this.before = before;
        }

        @Override
        public void pause() {
            slot.pause();
        }

        @Override
        public void enter() {
            if (!done) {
                done = true;
                before.run();
            }
            slot.enter();
        }

        @Override
        public void exit(long version) {
            slot.exit(version);
        }
    }
}
