package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OutOfAddressesException;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.contract.StructureFullException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a log does, and what it refuses. */
@Tag("portable")
class ForkableLogTest {

    private static final int PAGE = 4096;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(8L << 20);

    private AddressSpace space;
    private ForkableLog log;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("main");
        log = ForkableLog.create(space, 2 * PAGE);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private static byte[] record(int length) {
        byte[] record = new byte[length];
        for (int i = 0; i < length; i++) {
            record[i] = (byte) (i + length);
        }
        return record;
    }

    @Test
    void recordsOfEachLengthAreReadAtTheirPositions() {
        ForkableLog large = ForkableLog.create(space, 1 << 16);
        long[] positions = new long[200];
        for (int i = 0; i < 200; i++) {
            positions[i] = large.append(record(i));
        }
        assertThat(positions[0]).isZero();
        assertThat(positions[1]).isEqualTo(8);
        assertThat(positions[2]).isEqualTo(24);
        for (int i = 0; i < 200; i++) {
            assertThat(large.read(positions[i])).isEqualTo(record(i));
            assertThat(large.length(positions[i])).isEqualTo(i);
        }
        assertThat(large.firstPosition()).isZero();
        assertThat(large.sizeBytes()).isEqualTo(large.endPosition());
    }

    @Test
    void buffersAndSegmentsAreRecordsToo() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(10).put(3, (byte) 7).position(3).limit(5);
        long first = log.append(buffer);
        assertThat(buffer.position()).isEqualTo(5);
        assertThat(log.read(first)).containsExactly(7, 0);
        long second = log.append(ByteBuffer.wrap(record(9)).asReadOnlyBuffer());
        assertThat(log.read(second)).isEqualTo(record(9));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(20);
            long third = log.append(segment);
            assertThat(log.copyTo(third, segment, 0)).isEqualTo(20);
            assertThat(log.copyTo(second, segment, 11)).isEqualTo(9);
            assertThat(segment.asSlice(11, 9).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(record(9));
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> log.copyTo(second, segment, 12));
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> log.copyTo(second, segment, -1));
        }
    }

    @Test
    void lengthsAtTheLimitAreTakenAndOneMoreIsRefused() {
        assertThat(log.recordBytesMax()).isEqualTo(2 * PAGE - 8);
        assertThatIllegalArgumentException().isThrownBy(() -> log.append(new byte[2 * PAGE - 7]))
                .withMessageContaining("length=" + (2 * PAGE - 7));
        log.append(record(0));
        log.cutBefore(8);
        long position = log.append(record(2 * PAGE - 8)); // over the end of the ring
        assertThat(log.read(position)).isEqualTo(record(2 * PAGE - 8));
        assertThat(log.sizeBytes()).isEqualTo(log.capacityBytes());
        assertThatExceptionOfType(StructureFullException.class).isThrownBy(() -> log.append(new byte[0]))
                .withMessageContaining("neededBytes=8");
        assertThat(log.read(position)).isEqualTo(record(2 * PAGE - 8));
        log.cutBefore(log.endPosition());
        assertThat(log.isEmpty()).isTrue();
        assertThat(log.append(new byte[0])).isEqualTo(8 + 2 * PAGE);
    }

    @Test
    void positionsGrowForEverWhileTheRingIsReused() {
        for (int i = 0; i < 3_000; i++) {
            byte[] record = record(i % 500);
            long position = log.append(record);
            assertThat(log.read(position)).isEqualTo(record);
            if (log.sizeBytes() > PAGE) {
                log.cutBefore(position);
                assertThat(log.firstPosition()).isEqualTo(position);
            }
        }
        assertThat(log.endPosition()).isGreaterThan(40L * log.capacityBytes());
    }

    @ParameterizedTest
    @ValueSource(longs = {-8, -1, 1, 4, 7, 8, 16, 32, 33, 1 << 20, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 7})
    void positionsOfNoRecordAreRefused(long position) {
        log.append(record(15));
        log.append(record(2));
        assertThat(log.endPosition()).isEqualTo(40);
        assertThatIllegalArgumentException().isThrownBy(() -> log.read(position))
                .withMessageContaining("position=" + position);
        assertThatIllegalArgumentException().isThrownBy(() -> log.length(position));
        assertThatIllegalArgumentException().isThrownBy(() -> log.cutBefore(position));
        assertThatIllegalArgumentException().isThrownBy(() -> log.cursor(position));
        assertThatIllegalArgumentException().isThrownBy(() -> log.copyTo(position, MemorySegment.ofArray(record(99)),
                0));
        assertThat(log.firstPosition()).isZero();
    }

    @Test
    void recordsThatWereCutAreRefused() {
        long first = log.append(record(10));
        long second = log.append(record(20));
        log.cutBefore(second);
        assertThatIllegalArgumentException().isThrownBy(() -> log.read(first)).withMessageContaining("was cut");
        assertThatIllegalArgumentException().isThrownBy(() -> log.cursor(first));
        assertThat(log.read(second)).isEqualTo(record(20));
        log.cutBefore(first); // was cut already
        assertThat(log.firstPosition()).isEqualTo(second);
        assertThatIllegalArgumentException().isThrownBy(() -> log.read(log.endPosition()));
    }

    @Test
    void aCursorGoesOnWhenMoreWasAppended() {
        LogCursor cursor = log.cursor();
        assertThat(cursor.next()).isFalse();
        assertThatIllegalStateException().isThrownBy(cursor::record).withMessageContaining("next()");
        assertThatIllegalStateException().isThrownBy(cursor::length);
        long first = log.append(record(3));
        long second = log.append(record(0));
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.position()).isEqualTo(first);
        assertThat(cursor.record()).isEqualTo(record(3));
        assertThat(cursor.nextPosition()).isEqualTo(second);
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.length()).isZero();
        assertThat(cursor.record()).isEmpty();
        assertThat(cursor.next()).isFalse();
        assertThat(cursor.position()).isEqualTo(second);
        LogCursor resumed = log.cursor(cursor.nextPosition());
        long third = log.append(record(4));
        assertThat(cursor.next()).isTrue();
        assertThat(resumed.next()).isTrue();
        assertThat(resumed.position()).isEqualTo(third);
        assertThat(cursor.toString()).contains("position=" + third);
    }

    @Test
    void aCursorWhoseNextRecordWasCutSaysSo() {
        log.append(record(3));
        long second = log.append(record(3));
        LogCursor cursor = log.cursor();
        log.cutBefore(second);
        assertThatIllegalStateException().isThrownBy(cursor::next).withMessageContaining("was cut");
        log.cutBefore(log.endPosition());
        assertThatIllegalStateException().isThrownBy(cursor::next);
        LogCursor current = log.cursor();
        assertThat(current.next()).isFalse();
        long third = log.append(record(5));
        assertThat(current.next()).isTrue();
        log.append(record(6));
        log.cutBefore(log.endPosition());
        assertThat(current.position()).isEqualTo(third);
        assertThatIllegalArgumentException().isThrownBy(current::record);
    }

    @Test
    void capacitiesOutOfTheRangeAreRefused() {
        for (long capacity : new long[] {0, -1, Long.MIN_VALUE, (1L << 45) + 1, Long.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> ForkableLog.create(space, capacity))
                    .withMessageContaining("capacityBytes=" + capacity);
        }
        assertThat(ForkableLog.create(space, 1).capacityBytes()).isEqualTo(PAGE);
        assertThat(ForkableLog.create(space, PAGE + 1).capacityBytes()).isEqualTo(2 * PAGE);
        ForkableLog largest = ForkableLog.create(space, 1L << 45);
        assertThat(largest.recordBytesMax()).isEqualTo(Integer.MAX_VALUE - 8);
        assertThat(largest.regionBytes()).isEqualTo((1L << 45) + PAGE);
        assertThat(largest.read(largest.append(record(100_000)))).isEqualTo(record(100_000));
        ForkableLog.create(space, 1L << 45);
        ForkableLog.create(space, 1L << 45);
        assertThatExceptionOfType(OutOfAddressesException.class)
                .isThrownBy(() -> ForkableLog.create(space, 1L << 45));
    }

    @Test
    void aCutGivesPagesBackAlsoOverTheEndOfTheRing() {
        ForkableLog large = ForkableLog.create(space, 1 << 20);
        long used = leaks.manager().statistics().usedBytes();
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 70; i++) {
                large.append(record(10_000));
            }
            large.cutBefore(large.endPosition());
            while (leaks.manager().reclaim(1_000) > 0) {}
            assertThat(leaks.manager().statistics().usedBytes() - used).isLessThanOrEqualTo(20 * PAGE);
        }
    }

    /** The first cut is too small to give pages back; the second must leave those where new records are. */
    @Test
    void aCutLeavesThePagesThatAreUsedAgain() {
        ForkableLog ring = ForkableLog.create(space, 16 * PAGE);
        ring.append(record(60_000));
        ring.cutBefore(ring.endPosition());
        ring.append(record(40_000));
        long last = ring.append(record(10_000));
        ring.cutBefore(last);
        assertThat(ring.read(last)).isEqualTo(record(10_000));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 17, 2 * PAGE})
    void forgedLengthsAreRefused(int length) {
        long position = log.append(record(10));
        long word = RecordWord.of(space.getLong(log.address() + 24), position, 0);
        assertThat(space.getLong(log.address() + PAGE)).isEqualTo(word + 10);
        space.setLong(log.address() + PAGE, word | Integer.toUnsignedLong(length));
        assertThatIllegalStateException().isThrownBy(() -> log.read(position))
                .withMessageContaining("the log is damaged").withMessageContaining("length=" + length);
        assertThatIllegalStateException().isThrownBy(() -> log.cursor().next());
        assertThatIllegalStateException().isThrownBy(() -> log.cutBefore(position));
    }

    @Test
    void aForkHasTheRecordsOfItsMomentAndGoesItsOwnWay() {
        long first = log.append(record(1));
        try (StructureFork<ForkableLog> fork = log.fork("branch")) {
            ForkableLog forked = fork.structure();
            long mine = log.append(record(2));
            long theirs = forked.append(record(30));
            assertThat(theirs).isEqualTo(mine);
            log.cutBefore(mine);
            assertThat(forked.read(first)).isEqualTo(record(1));
            assertThat(forked.read(theirs)).isEqualTo(record(30));
            assertThat(log.read(mine)).isEqualTo(record(2));
            assertThat(fork.space().name()).isEqualTo("branch");
        }
    }

    @Test
    void aSnapshotRefusesEveryChange() {
        long first = log.append(record(1));
        try (StructureFork<ForkableLog> snapshot = log.snapshot("fixed")) {
            ForkableLog fixed = snapshot.structure();
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> fixed.append(record(0)));
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> fixed.cutBefore(fixed.endPosition()));
            log.cutBefore(log.endPosition());
            assertThat(fixed.read(first)).isEqualTo(record(1));
            assertThat(fixed.cursor().next()).isTrue();
        }
    }

    @Test
    void onlyALogIsOpenedAsOne() {
        try (AddressSpace other = leaks.manager().newAddressSpace("other")) {
            assertThatExceptionOfType(AddressNotMappedException.class)
                    .isThrownBy(() -> ForkableLog.open(other, log.address()));
            ForkableLog there = ForkableLog.create(other, 2 * PAGE);
            assertThat(there.address()).isEqualTo(log.address());
            assertThatIllegalArgumentException().isThrownBy(() -> log.with(other)).withMessageContaining("another log");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableArray.open(space, log.address()));
        ForkableArray array = ForkableArray.create(space, ElementType.LONG, 1_000);
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableLog.open(space, array.address()))
                .withMessageContaining("there is no log at this address");
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableMap.open(space, log.address()));
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableLog.open(space, log.address() + PAGE))
                .withMessageContaining("there is no log");
        space.unmap(log.address() + PAGE, PAGE);
        assertThatExceptionOfType(AddressNotMappedException.class)
                .isThrownBy(() -> ForkableLog.open(space, log.address()));
    }

    @Test
    void aNewLogAtTheAddressOfAnOldOneIsLeftAlone() {
        long position = log.append(record(5));
        space.unmap(log.address(), log.regionBytes());
        ForkableLog next = ForkableLog.create(space, 2 * PAGE);
        assertThat(next.address()).isEqualTo(log.address()); // otherwise this tests nothing
        next.append(record(5));
        assertThatIllegalStateException().isThrownBy(() -> log.append(record(1)))
                .withMessageContaining("not the one that was opened");
        assertThatIllegalStateException().isThrownBy(() -> log.cutBefore(position));
        assertThatIllegalArgumentException().isThrownBy(() -> log.read(position));
        assertThat(next.read(0)).isEqualTo(record(5));
    }

    @Test
    void everyUseAfterCloseOfTheSpaceIsRefused() {
        log.append(record(10));
        StructureFork<ForkableLog> fork = log.fork();
        ForkableLog forked = fork.structure();
        LogCursor cursor = forked.cursor();
        cursor.next();
        fork.close();
        for (Runnable use : new Runnable[] {() -> forked.read(0), forked::endPosition, forked::firstPosition,
            forked::sizeBytes, () -> forked.append(record(1)), () -> forked.cutBefore(0), cursor::next, cursor::record,
            forked::fork, forked::cursor, () -> ForkableLog.create(fork.space(), PAGE)}) {
            assertThatExceptionOfType(ClosedException.class).isThrownBy(use::run);
        }
        assertThat(forked.toString()).contains("capacityBytes=8192");
    }

    @Test
    void aLogOfAnAccessorBelongsToItsThread() throws InterruptedException {
        try (Accessor accessor = space.accessor()) {
            ForkableLog mine = log.with(accessor);
            long position = mine.append(record(7));
            Threads.elsewhere(() -> {
                assertThatThrownBy(() -> mine.append(record(1))).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(() -> mine.read(position)).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(() -> mine.cutBefore(position)).isInstanceOf(WrongThreadException.class);
            });
            mine.append(record(8)); // no lock was left
            assertThat(ForkableLog.open(accessor, log.address()).read(position)).isEqualTo(record(7));
        }
    }

    @Test
    void aSegmentThatIsClosedAppendsNothing() {
        MemorySegment closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = arena.allocate(80);
        }
        assertThatIllegalStateException().isThrownBy(() -> log.append(closed));
        assertThat(log.isEmpty()).isTrue();
        ByteBuffer tooLong = ByteBuffer.allocate(3 * PAGE);
        assertThatIllegalArgumentException().isThrownBy(() -> log.append(tooLong));
        assertThat(tooLong.position()).isZero();
    }

    @Test
    void forkAmidAnAppendHasALogWithoutTheRecord() {
        long first = log.append(record(100));
        byte[] region = new byte[(int) log.regionBytes()];
        long second = log.append(record(200));
        space.copyTo(log.address(), region, 0, region.length);
        try (AddressSpace amid = space.fork()) {
            amid.setLong(log.address() + Extent.KIND_AT, second); // the record is there, the new end is not
            ForkableLog forked = ForkableLog.open(amid, log.address());
            assertThat(forked.endPosition()).isEqualTo(second);
            assertThatIllegalArgumentException().isThrownBy(() -> forked.read(second));
            assertThat(forked.append(record(50))).isEqualTo(second);
            assertThat(forked.read(second)).isEqualTo(record(50));
            assertThat(forked.read(first)).isEqualTo(record(100));
        }
        assertThat(Arrays.equals(region, new byte[region.length])).isFalse();
    }
}
