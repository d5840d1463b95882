package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.RunCursor;
import io.quire.memory.WritableRunCursor;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OutOfAddressesException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.contract.StructureFullException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an array does, and what it refuses. */
class ForkableArrayTest {

    private static final int PAGE = 4096;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(8L << 20);

    private AddressSpace space;
    private ForkableArray longs;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("main");
        longs = ForkableArray.create(space, ElementType.LONG, 10_000);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private ForkableArray of(ElementType type, int length) {
        ForkableArray array = ForkableArray.create(space, type, Math.max(length, 1));
        array.resize(length);
        return array;
    }

    @Test
    void elementsOfEachTypeKeepTheirValues() {
        ForkableArray bytes = of(ElementType.BYTE, 3);
        ForkableArray shorts = of(ElementType.SHORT, 3);
        ForkableArray ints = of(ElementType.INT, 3);
        ForkableArray floats = of(ElementType.FLOAT, 3);
        ForkableArray doubles = of(ElementType.DOUBLE, 3);
        bytes.setByte(1, Byte.MIN_VALUE);
        shorts.setShort(1, Short.MIN_VALUE);
        ints.setInt(1, Integer.MIN_VALUE);
        floats.setFloat(1, -0.1f);
        doubles.setDouble(1, Double.NaN);
        assertThat(new byte[] {bytes.getByte(0), bytes.getByte(1), bytes.getByte(2)})
                .containsExactly(0, Byte.MIN_VALUE, 0);
        assertThat(new short[] {shorts.getShort(0), shorts.getShort(1), shorts.getShort(2)})
                .containsExactly((short) 0, Short.MIN_VALUE, (short) 0);
        assertThat(new int[] {ints.getInt(0), ints.getInt(1), ints.getInt(2)})
                .containsExactly(0, Integer.MIN_VALUE, 0);
        assertThat(new float[] {floats.getFloat(0), floats.getFloat(1), floats.getFloat(2)})
                .containsExactly(0, -0.1f, 0);
        assertThat(new double[] {doubles.getDouble(0), doubles.getDouble(1), doubles.getDouble(2)})
                .containsExactly(0, Double.NaN, 0);
    }

    @ParameterizedTest
    @EnumSource
    void typeAndLengthAreFoundAgain(ElementType type) {
        ForkableArray array = of(type, 1_000);
        ForkableArray opened = ForkableArray.open(space, array.address());
        assertThat(opened.type()).isEqualTo(type);
        assertThat(opened.length()).isEqualTo(1_000);
        assertThat(opened.capacity()).isEqualTo(array.capacity()).isBetween(1_000L, 1_000L + PAGE);
        assertThat(opened.regionBytes()).isEqualTo(opened.capacity() * type.sizeBytes() + PAGE);
        assertThat(opened).hasToString(array.toString());
    }

    @ParameterizedTest
    @EnumSource
    void elementsOfAnotherTypeAreRefused(ElementType type) {
        ForkableArray array = of(type, 10);
        int refused = 0;
        for (Runnable read : new Runnable[] {() -> array.getByte(0), () -> array.getShort(0), () -> array.getInt(0),
            () -> array.getLong(0), () -> array.getFloat(0), () -> array.getDouble(0),
            () -> array.copyTo(0, new byte[1], 0, 1), () -> array.copyFrom(new double[1], 0, 0, 1)}) {
            try {
                read.run();
            } catch (IllegalArgumentException wrong) {
                assertThat(wrong).hasMessageContaining(type.name());
                refused++;
            }
        }
        assertThat(refused).isEqualTo(type == ElementType.BYTE || type == ElementType.DOUBLE ? 6 : 7);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 100, 101, 1 << 20, Long.MIN_VALUE, Long.MAX_VALUE})
    void indexesThatTheArrayDoesNotHaveAreRefused(long index) {
        longs.resize(100);
        longs.setLong(99, 1);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.getLong(index))
                .withMessageContaining("index=" + index).withMessageContaining("length=100");
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.setLong(index, 1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.getAndAddLong(index, 1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.fill(index, 1, 0));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.runs(index, 1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> longs.copyTo(index, new long[1], 0, 1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.fill(99, 2, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> longs.fill(0, -1, 0));
    }

    @Test
    void anEmptyArrayHasNoElement() {
        assertThat(longs.length()).isZero();
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.getLong(0));
        longs.copyTo(0, new long[0], 0, 0);
        longs.fill(0, 0, 1);
        longs.append(MemorySegment.ofArray(new long[0]));
        try (RunCursor runs = longs.runs(0, 0)) {
            assertThat(runs.next()).isFalse();
        }
        longs.resize(0);
        assertThat(longs.length()).isZero();
    }

    @Test
    void anArrayMayHaveMoreThanTwoToThe33Elements() {
        ForkableArray bytes = ForkableArray.create(space, ElementType.BYTE, 1L << 40);
        bytes.resize(1L << 40);
        bytes.setByte((1L << 40) - 1, (byte) 7);
        bytes.setByte((1L << 33) + 5, (byte) 8);
        assertThat(bytes.getByte((1L << 40) - 1)).isEqualTo((byte) 7);
        assertThat(bytes.getByte((1L << 33) + 5)).isEqualTo((byte) 8);
        assertThat(bytes.getByte(1L << 39)).isZero();
        assertThat(space.statistics().exclusivePages()).isEqualTo(4);
        bytes.resize(1L << 33);
        assertThat(space.statistics().exclusivePages()).isEqualTo(2); // the headers of the two arrays
    }

    @Test
    void capacitiesOutOfTheRangeAreRefused() {
        long most = Extent.DATA_BYTES_MAX / Long.BYTES;
        for (long capacity : new long[] {0, -1, Long.MIN_VALUE, most + 1, Long.MAX_VALUE}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ForkableArray.create(space, ElementType.LONG, capacity))
                    .withMessageContaining("capacity=" + capacity);
        }
        assertThat(ForkableArray.create(space, ElementType.LONG, most).capacity()).isEqualTo(most);
        assertThatExceptionOfType(OutOfAddressesException.class)
                .isThrownBy(() -> ForkableArray.create(space, ElementType.LONG, most));
        assertThatIllegalArgumentException().isThrownBy(() -> longs.resize(-1));
    }

    @Test
    void anArrayThatIsFullRefusesMoreAndStaysAsItIs() {
        ForkableArray array = ForkableArray.create(space, ElementType.INT, 1);
        assertThat(array.capacity()).isEqualTo(PAGE / Integer.BYTES);
        array.append(MemorySegment.ofArray(new int[PAGE / Integer.BYTES - 1]));
        assertThat(array.append(5)).isEqualTo(array.capacity() - 1);
        assertThatExceptionOfType(StructureFullException.class).isThrownBy(() -> array.append(6));
        assertThatExceptionOfType(StructureFullException.class)
                .isThrownBy(() -> array.append(MemorySegment.ofArray(new int[2])));
        assertThatExceptionOfType(StructureFullException.class).isThrownBy(() -> array.resize(Long.MAX_VALUE));
        assertThat(array.length()).isEqualTo(array.capacity());
        assertThat(array.getInt(array.capacity() - 1)).isEqualTo(5);
    }

    @Test
    void appendedValuesMustFitTheElements() {
        ForkableArray bytes = of(ElementType.BYTE, 0);
        ForkableArray floats = of(ElementType.FLOAT, 0);
        ForkableArray doubles = of(ElementType.DOUBLE, 0);
        assertThatIllegalArgumentException().isThrownBy(() -> bytes.append(128)).withMessageContaining("128");
        assertThatIllegalArgumentException().isThrownBy(() -> bytes.append(1.0));
        assertThatIllegalArgumentException().isThrownBy(() -> floats.append((1L << 24) + 1));
        assertThatIllegalArgumentException().isThrownBy(() -> doubles.append(Long.MAX_VALUE));
        assertThatIllegalArgumentException().isThrownBy(() -> longs.append(MemorySegment.ofArray(new byte[9])));
        bytes.append(-128);
        floats.append(1L << 24);
        floats.append(0.1);
        doubles.append(Long.MIN_VALUE);
        doubles.append(0.1);
        assertThat(bytes.getByte(0)).isEqualTo(Byte.MIN_VALUE);
        assertThat(floats.getFloat(0)).isEqualTo(1L << 24);
        assertThat(floats.getFloat(1)).isEqualTo(0.1f);
        assertThat(doubles.getDouble(0)).isEqualTo(Long.MIN_VALUE);
        assertThat(doubles.getDouble(1)).isEqualTo(0.1);
        assertThat(longs.length()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void fillSetsEachElementOfTheRangeAndNoOther(ElementType type) {
        int length = 200_000 / type.sizeBytes();
        ForkableArray array = of(type, length);
        array.fill(1, length - 2, -7);
        byte[] expected = new byte[length * type.sizeBytes()];
        MemorySegment elements = MemorySegment.ofArray(expected);
        for (int i = 1; i < length - 1; i++) {
            switch (type) {
                case BYTE -> elements.setAtIndex(ValueLayout.JAVA_BYTE, i, (byte) -7);
                case SHORT -> elements.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) -7);
                case INT -> elements.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * i, -7);
                case LONG -> elements.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i, -7);
                case FLOAT -> elements.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, -7);
                case DOUBLE -> elements.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i, -7);
            }
        }
        byte[] found = new byte[expected.length];
        array.copyTo(0, MemorySegment.ofArray(found), 0, length);
        assertThat(Arrays.mismatch(found, expected)).isEqualTo(-1);
    }

    @Test
    void arraysOfEachTypeAreCopiedInAndOut() {
        byte[] bytes = {1, 2, 3};
        of(ElementType.BYTE, 5).copyFrom(bytes, 1, 3, 2);
        short[] shorts = {1, 2, 3};
        ForkableArray ofShorts = of(ElementType.SHORT, 5);
        ofShorts.copyFrom(shorts, 1, 3, 2);
        ofShorts.copyTo(2, shorts, 0, 3);
        int[] ints = {1, 2, 3};
        ForkableArray ofInts = of(ElementType.INT, 5);
        ofInts.copyFrom(ints, 1, 3, 2);
        ofInts.copyTo(2, ints, 0, 3);
        long[] some = {1, 2, 3};
        longs.resize(5);
        longs.copyFrom(some, 1, 3, 2);
        longs.copyTo(2, some, 0, 3);
        float[] floats = {1, 2, 3};
        ForkableArray ofFloats = of(ElementType.FLOAT, 5);
        ofFloats.copyFrom(floats, 1, 3, 2);
        ofFloats.copyTo(2, floats, 0, 3);
        double[] doubles = {1, 2, 3};
        ForkableArray ofDoubles = of(ElementType.DOUBLE, 5);
        ofDoubles.copyFrom(doubles, 1, 3, 2);
        ofDoubles.copyTo(2, doubles, 0, 3);
        assertThat(shorts).containsExactly(new short[] {0, 2, 3});
        assertThat(ints).containsExactly(0, 2, 3);
        assertThat(some).containsExactly(0, 2, 3);
        assertThat(floats).containsExactly(0, 2, 3);
        assertThat(doubles).containsExactly(0, 2, 3);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.copyTo(0, some, 1, 3));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.copyFrom(some, -1, 0, 1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.copyFrom(some, 0, 3, 3));
    }

    @Test
    void runsShowTheElementsOfOneMoment() {
        longs.resize(10_000);
        for (int i = 0; i < 10_000; i++) {
            longs.setLong(i, i);
        }
        long sum = 0;
        long count = 0;
        try (RunCursor runs = longs.runs(5, 9_990)) {
            longs.fill(0, 10_000, 0);
            while (runs.next()) {
                MemorySegment run = runs.memory();
                for (long i = 0; i < run.byteSize() / Long.BYTES; i++) {
                    sum += run.getAtIndex(ValueLayout.JAVA_LONG, i);
                    count++;
                }
            }
        }
        assertThat(count).isEqualTo(9_990);
        assertThat(sum).isEqualTo((5L + 9_994) * 9_990 / 2);
    }

    @Test
    void writableRunsWriteTheElements() {
        longs.resize(10_000);
        try (WritableRunCursor runs = longs.writableRuns(0, 10_000)) {
            while (runs.next()) {
                runs.memory().fill((byte) 1);
            }
        }
        assertThat(longs.getLong(9_999)).isEqualTo(0x0101_0101_0101_0101L);
    }

    @Test
    void countersAreChangedAtomicallyByManyThreads() throws InterruptedException {
        ForkableArray ints = of(ElementType.INT, 1);
        longs.resize(1);
        Threads.Task adder = _ -> {
            try (Accessor accessor = space.accessor()) {
                ForkableArray fast = longs.with(accessor);
                for (int i = 0; i < 10_000; i++) {
                    fast.getAndAddLong(0, 1);
                    int seen = ints.getInt(0);
                    while (!ints.compareAndSetInt(0, seen, seen + 1)) {
                        seen = ints.getInt(0);
                    }
                }
            }
        };
        Threads.race(Duration.ZERO, adder, adder, adder);
        assertThat(longs.compareAndSetLong(0, 30_000, 5)).isTrue();
        assertThat(longs.compareAndSetLong(0, 30_000, 6)).isFalse();
        assertThat(longs.getLong(0)).isEqualTo(5);
        assertThat(ints.getAndAddInt(0, 1)).isEqualTo(30_000);
    }

    // ---- growing and shrinking

    @Test
    void anArrayThatGrowsAgainHasZeros() {
        for (int length : new int[] {0, 1, 100, 511, 512, 513, 1024, 5_000}) {
            longs.resize(8_000);
            longs.fill(0, 8_000, -1);
            longs.resize(length);
            longs.resize(8_000);
            long[] found = new long[8_000];
            longs.copyTo(0, found, 0, found.length);
            long[] expected = new long[8_000];
            Arrays.fill(expected, 0, length, -1);
            assertThat(Arrays.mismatch(found, expected)).as("length %d", length).isEqualTo(-1);
        }
    }

    @Test
    void anArrayThatShrinksGivesItsPagesBack() {
        longs.resize(8_192);
        longs.fill(0, 8_192, 1);
        assertThat(space.statistics().exclusivePages()).isEqualTo(1 + 16);
        longs.resize(513);
        assertThat(space.statistics().exclusivePages()).isEqualTo(1 + 2);
        longs.resize(512);
        assertThat(space.statistics().exclusivePages()).isEqualTo(1 + 1);
        longs.resize(0);
        assertThat(space.statistics().exclusivePages()).isEqualTo(1);
    }

    @Test
    void shrinkingTakesNoFrameForAPageThatWasNeverWritten() {
        longs.resize(8_192);
        longs.resize(5_000);
        longs.resize(300);
        assertThat(space.statistics().exclusivePages()).isEqualTo(1);
    }

    /** As after a fork between the write of an element and the length that counts it. */
    @Test
    void whatAnAppendLeftBehindTheLengthIsClearedBeforeTheArrayGrows() {
        longs.resize(1);
        longs.append(5);
        long lengthAt = longs.address() + Extent.KIND_AT;
        space.setLong(lengthAt, 1);
        ForkableArray forked = ForkableArray.open(space, longs.address());
        forked.resize(10);
        assertThat(forked.getLong(1)).isZero();
    }

    @Test
    void everyHandleSeesTheLengthThatAnotherOneHasSet() {
        ForkableArray other = ForkableArray.open(space, longs.address());
        try (Accessor accessor = space.accessor()) {
            ForkableArray third = longs.with(accessor);
            longs.resize(100);
            other.setLong(99, 1);
            third.append(7);
            assertThat(longs.getLong(100)).isEqualTo(7);
            other.resize(50);
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> third.getLong(50));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> longs.setLong(50, 1));
        }
    }

    @Test
    void aNewArrayAtTheAddressOfAnOldOneIsEmpty() {
        longs.resize(100);
        space.unmap(longs.address(), longs.regionBytes());
        ForkableArray next = ForkableArray.create(space, ElementType.LONG, 10_000);
        assertThat(next.address()).isEqualTo(longs.address()); // otherwise this tests nothing
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> next.getLong(0));
        assertThatIllegalStateException().isThrownBy(() -> longs.append(1))
                .withMessageContaining("not the one that was opened");
        assertThatIllegalStateException().isThrownBy(() -> longs.resize(1));
        assertThat(next.length()).isZero();
    }

    // ---- forks

    @Test
    void aForkHasTheArrayAndEverythingElse() {
        longs.resize(3);
        ForkableArray others = of(ElementType.INT, 3);
        try (StructureFork<ForkableArray> fork = longs.fork("what if")) {
            ForkableArray forked = fork.structure();
            forked.setLong(0, 1);
            forked.append(2);
            longs.setLong(0, 9);
            longs.resize(1);
            assertThat(forked.length()).isEqualTo(4);
            assertThat(forked.getLong(0)).isEqualTo(1);
            assertThat(longs.length()).isEqualTo(1);
            assertThat(ForkableArray.open(fork.space(), others.address()).length()).isEqualTo(3);
            assertThat(fork.space().name()).isEqualTo("what if");
            assertThat(fork.toString()).contains("what if", "ForkableArray");
            try (StructureFork<ForkableArray> second = forked.fork();
                    Accessor accessor = second.space().accessor()) {
                assertThat(second.structure().with(accessor).getLong(3)).isEqualTo(2);
            }
        }
        assertThat(leaks.manager().openSpaces()).hasSize(1);
    }

    @Test
    void aSnapshotRefusesEveryChangeAndStaysWhole() {
        longs.resize(1_000);
        longs.fill(0, 1_000, 3);
        try (StructureFork<ForkableArray> snapshot = longs.snapshot()) {
            ForkableArray fixed = snapshot.structure();
            longs.resize(0);
            for (Runnable change : new Runnable[] {() -> fixed.setLong(0, 1), () -> fixed.append(1),
                () -> fixed.resize(10), () -> fixed.resize(2_000), () -> fixed.fill(0, 1, 1),
                () -> fixed.append(MemorySegment.ofArray(new long[1])), () -> fixed.getAndAddLong(0, 1)}) {
                assertThatExceptionOfType(ProtectionException.class).isThrownBy(change::run);
            }
            assertThat(fixed.length()).isEqualTo(1_000);
            assertThat(fixed.getLong(999)).isEqualTo(3);
        }
        try (StructureFork<ForkableArray> named = longs.snapshot("named")) {
            assertThat(named.space().name()).isEqualTo("named");
        }
    }

    // ---- where it is not

    @Test
    void onlyAnArrayIsOpenedAsOne() {
        try (AddressSpace other = leaks.manager().newAddressSpace("other")) {
            assertThatExceptionOfType(AddressNotMappedException.class)
                    .isThrownBy(() -> ForkableArray.open(other, longs.address()));
            other.mapAt(longs.address(), longs.regionBytes());
            assertThatIllegalArgumentException().isThrownBy(() -> ForkableArray.open(other, longs.address()))
                    .withMessageContaining("there is no array at this address");
            assertThatIllegalArgumentException().isThrownBy(() -> longs.with(other));
            other.unmap(longs.address(), longs.regionBytes());
            ForkableArray there = ForkableArray.create(other, ElementType.LONG, 10_000);
            assertThat(there.address()).isEqualTo(longs.address());
            assertThatIllegalArgumentException().isThrownBy(() -> longs.with(other))
                    .withMessageContaining("another array");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableMap.open(space, longs.address()));
        ForkableMap map = ForkableMap.create(space, 1 << 16);
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableArray.open(space, map.address()));
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableArray.open(space, longs.address() + 8))
                .withMessageContaining("multiple of 4096");
        assertThatIllegalArgumentException().isThrownBy(() -> ForkableArray.open(space, -PAGE));
        assertThatExceptionOfType(AddressNotMappedException.class)
                .isThrownBy(() -> ForkableArray.open(space, 1L << 46));
    }

    @Test
    void everyUseAfterCloseOfTheSpaceIsRefused() {
        longs.resize(10);
        StructureFork<ForkableArray> fork = longs.fork();
        ForkableArray forked = fork.structure();
        fork.close();
        fork.close();
        for (Runnable use : new Runnable[] {() -> forked.getLong(0), () -> forked.setLong(0, 1), forked::length,
            () -> forked.append(1), () -> forked.resize(1), () -> forked.runs(0, 1), forked::fork,
            () -> ForkableArray.open(fork.space(), longs.address()), () -> longs.with(fork.space()),
            () -> ForkableArray.create(fork.space(), ElementType.INT, 1)}) {
            assertThatExceptionOfType(ClosedException.class).isThrownBy(use::run);
        }
        assertThat(forked.address()).isEqualTo(longs.address());
        assertThat(forked.toString()).contains("LONG");
    }

    @Test
    void anArrayOfAnAccessorBelongsToItsThread() throws InterruptedException {
        longs.resize(10);
        try (Accessor accessor = space.accessor()) {
            ForkableArray mine = longs.with(accessor);
            Threads.elsewhere(() -> {
                assertThatThrownBy(() -> mine.getLong(0)).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(() -> mine.setLong(0, 1)).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(() -> mine.append(1)).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(() -> mine.resize(1)).isInstanceOf(WrongThreadException.class);
                try (StructureFork<ForkableArray> fork = mine.fork()) { // of the space, which is any thread's
                    fork.structure().setLong(0, 1);
                }
            });
            mine.append(4); // no lock was left
            assertThat(longs.length()).isEqualTo(11);
        }
    }

    @Test
    void aSourceThatIsClosedOrAnotherThreadsAppendsNothing() throws InterruptedException {
        MemorySegment closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = arena.allocate(80);
            MemorySegment theirs = closed;
            Threads.elsewhere(() -> assertThatThrownBy(() -> longs.append(theirs))
                    .isInstanceOf(WrongThreadException.class));
        }
        assertThatIllegalStateException().isThrownBy(() -> longs.append(closed));
        assertThat(longs.length()).isZero();
        longs.resize(10);
        assertThat(longs.getLong(9)).isZero();
    }

    @Test
    void forgedHeadersAreRefusedAndLeadNowhere() {
        longs.resize(100);
        long behind = longs.address() + longs.regionBytes();
        for (long forged : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, longs.capacity() + 1, 1L << 60}) {
            for (int word = 1; word < 7; word++) {
                try (AddressSpace victim = space.fork()) {
                    victim.setLong(longs.address() + 8L * word, word == 2 ? forged & -PAGE : forged);
                    useRefused(victim, word);
                    assertThat(victim.mappings()).hasSize(1);
                    assertThat(victim.pageState(behind).place()).isEqualTo(PageState.Place.INACCESSIBLE);
                }
            }
        }
        assertThat(longs.length()).isEqualTo(100);
    }

    private void useRefused(AddressSpace victim, int word) {
        ForkableArray opened;
        try {
            opened = ForkableArray.open(victim, longs.address());
        } catch (IllegalArgumentException | AddressNotMappedException refused) {
            assertThat(word).isBetween(1, 4);
            return;
        }
        assertThat(word).isIn(2, 3, 5, 6); // a part of the region, or another identity: it stays inside its region
        for (Runnable use : new Runnable[] {() -> opened.getLong(0), () -> opened.setLong(99, 1),
            () -> opened.getLong(opened.capacity()), () -> opened.resize(200), () -> opened.append(1),
            () -> opened.runs(0, 1).close()}) {
            try {
                use.run();
            } catch (IllegalStateException damaged) {
                assertThat(damaged).hasMessageContaining("the array is damaged");
            } catch (IndexOutOfBoundsException fine) {
                assertThat(fine).hasMessageContaining("ForkableArray");
            }
        }
    }
}
