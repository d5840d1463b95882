package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.MisalignedAddressException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.harness.ModelSpace;
import io.quire.memory.harness.ValueOperation;
import io.quire.memory.testkit.LeakCheck;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What an {@link AddressSpace} and an {@link Accessor} promise alike. */
@Tag("portable")
abstract class MemoryAccessContract {

    static final List<ValueOperation> OPERATIONS = ValueOperation.ALL;

    static final int PAGE = ModelSpace.PAGE;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(4L << 20);

    private AddressSpace space;
    private MemoryAccess access;
    private long address;

    /** Returns the access that is tested. */
    abstract MemoryAccess open(AddressSpace into);

    /** Closes what {@link #open} returned, and leaves the space open. */
    abstract void end(MemoryAccess opened);

    @BeforeEach
    void map() {
        space = leaks.manager().newAddressSpace("tested");
        address = space.map(4 * PAGE);
        access = open(space);
    }

    @AfterEach
    void close() {
        end(access);
        space.close();
    }

    // ---- values

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void operationDoesWhatABufferDoesAtEveryOffsetAroundTheEndOfAPage(ValueOperation operation) {
        ModelSpace model = new ModelSpace();
        byte[] start = new byte[4 * PAGE];
        for (int i = 0; i < start.length; i++) {
            start[i] = (byte) (i * 31 + 7);
        }
        access.copyFrom(start, 0, address, start.length);
        model.write(address, start);
        long value = 0x1122_3344_5566_7788L;
        for (long at = address + PAGE - 17; at < address + PAGE + 17; at++) {
            if (!operation.aligned() || at % operation.sizeBytes() == 0) {
                byte[] bytes = model.read(at, operation.sizeBytes());
                assertThat(operation.space().apply(access, at, value))
                        .isEqualTo(operation.applyTo(bytes, value));
                model.write(at, bytes);
                value = ~value * 0x9E37_79B9_7F4A_7C15L;
            }
        }
        assertThat(mismatch(model)).isEqualTo(-1);
    }

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void operationOnMemoryNeverWrittenFindsZeros(ValueOperation operation) {
        for (long at : crossings(operation)) {
            byte[] zeros = new byte[operation.sizeBytes()];
            assertThat(operation.space().apply(access, at, 2)).isEqualTo(operation.applyTo(zeros, 2));
            space.discard(address, 4 * PAGE);
        }
    }

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void operationOnMemorySharedWithAForkLeavesTheForkAsItWas(ValueOperation operation) {
        for (long at : crossings(operation)) {
            access.fill(address, 4 * PAGE, (byte) 5);
            try (AddressSpace fork = space.fork()) {
                operation.space().apply(access, at, 0x0102_0304_0506_0708L);
                byte[] fives = new byte[4 * PAGE];
                Arrays.fill(fives, (byte) 5);
                assertThat(fork.mismatch(address, MemorySegment.ofArray(fives), 0, fives.length))
                        .isEqualTo(-1);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void orderedAndAtomicOperationsTakeAlignedAddressesOnly(ValueOperation operation) {
        for (int i = 1; i < operation.sizeBytes(); i++) {
            long at = address + PAGE - i;
            if (operation.aligned()) {
                assertThatExceptionOfType(MisalignedAddressException.class)
                        .isThrownBy(() -> operation.space().apply(access, at, 1))
                        .withMessageContaining("0x" + Long.toHexString(at))
                        .withMessageContaining("sizeBytes=" + operation.sizeBytes());
            } else {
                operation.space().apply(access, at, 1);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void operationOnAddressesThatAreNotMappedIsRefused(ValueOperation operation) {
        long second = space.map(PAGE);
        long end = address + 4 * PAGE;
        LongStream.of(0, -8, 8, address - 8, end, end + PAGE, second - 8, second + PAGE, 1L << 46,
                (1L << 47) - 8, 1L << 47, Long.MAX_VALUE - 7, Long.MIN_VALUE)
                .forEach(at -> assertThatExceptionOfType(AddressNotMappedException.class)
                        .isThrownBy(() -> operation.space().apply(access, at, 1))
                        .withMessageContaining("space=tested")
                        .withMessageContaining("address=0x" + Long.toHexString(at))
                        .withMessageContaining("READ_WRITE")
                        .satisfies(refused -> assertThat(refused.address()).isEqualTo(at)));
        assertThat(leaks.manager().statistics().usedBytes()).isZero();
    }

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void valueWithOneUnmappedByteIsRefusedAndNothingIsWritten(ValueOperation operation) {
        if (operation.aligned() || operation.sizeBytes() == 1) {
            return; // one byte cannot cross the end of a page
        }
        long end = address + 4 * PAGE;
        access.fill(end - 16, 16, (byte) 9);
        for (int outside = 1; outside < operation.sizeBytes(); outside++) {
            long at = end - operation.sizeBytes() + outside;
            long before = address - outside;
            assertThatExceptionOfType(AddressNotMappedException.class)
                    .isThrownBy(() -> operation.space().apply(access, at, 1))
                    .satisfies(refused -> assertThat(refused.address()).isEqualTo(end));
            assertThatExceptionOfType(AddressNotMappedException.class)
                    .isThrownBy(() -> operation.space().apply(access, before, 1));
        }
        for (int i = 1; i <= 16; i++) {
            assertThat(access.getByte(end - i)).isEqualTo((byte) 9);
        }
    }

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void protectionsAllowReadsOrNothing(ValueOperation operation) {
        access.setLong(address + 8, 42);
        space.protect(address, PAGE, Protection.READ_ONLY);
        if (operation.writes()) {
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> operation.space().apply(access, address + 8, 0))
                    .withMessageContaining("may not be written: space=tested, address=0x"
                            + Long.toHexString(address + 8) + ", protection=READ_ONLY")
                    .satisfies(refused -> assertThat(refused.address()).isEqualTo(address + 8));
        } else {
            operation.space().apply(access, address + 8, 0);
        }
        assertThat(access.getLong(address + 8)).isEqualTo(42);

        space.protect(address, PAGE, Protection.NONE);
        assertThatExceptionOfType(ProtectionException.class)
                .isThrownBy(() -> operation.space().apply(access, address + 8, 0))
                .withMessageContaining("protection=NONE");

        space.protect(address, PAGE, Protection.READ_WRITE);
        assertThat(access.getLong(address + 8)).isEqualTo(42);
        operation.space().apply(access, address + 8, 0);
    }

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void snapshotAllowsReadsOnly(ValueOperation operation) {
        access.setLong(address, 42);
        try (AddressSpace snapshot = space.snapshot("frozen")) {
            MemoryAccess frozen = open(snapshot);
            if (operation.writes()) {
                assertThatExceptionOfType(ProtectionException.class)
                        .isThrownBy(() -> operation.space().apply(frozen, address, 0))
                        .withMessageContaining("a snapshot may not be changed: space=frozen")
                        .withMessageContaining("fork()");
            } else {
                operation.space().apply(frozen, address, 0);
            }
            assertThat(frozen.getLong(address)).isEqualTo(42);
            end(frozen);
        }
    }

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void operationAfterTheSpaceIsClosedIsRefused(ValueOperation operation) {
        AddressSpace other = leaks.manager().newAddressSpace("gone");
        long at = other.map(PAGE);
        MemoryAccess opened = open(other);
        opened.setLong(at, 42);
        assertThat(opened.getLong(at)).isEqualTo(42);
        other.close();
        assertThatExceptionOfType(ClosedException.class)
                .isThrownBy(() -> operation.space().apply(opened, at, 0)).withMessageContaining("gone");
        end(opened);
    }

    // ---- ranges

    @Test
    void bytesOfManyPagesAreCopiedInAndOut() {
        byte[] bytes = new byte[3 * PAGE + 17];
        new SplittableRandom(1).nextBytes(bytes);
        access.copyFrom(bytes, 0, address + 5, bytes.length);
        byte[] back = new byte[bytes.length + 2];
        access.copyTo(address + 5, back, 1, bytes.length);
        assertThat(back).startsWith(0).endsWith(0).containsSequence(bytes);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(bytes.length);
            access.copyTo(address + 5, target, 0, bytes.length);
            assertThat(target.mismatch(MemorySegment.ofArray(bytes))).isEqualTo(-1);
            space.discard(address, 4 * PAGE);
            access.copyFrom(target, 3, address, bytes.length - 3);
            assertThat(access.mismatch(address, MemorySegment.ofArray(bytes), 3, bytes.length - 3))
                    .isEqualTo(-1);
        }
    }

    @Test
    void longsAndDoublesOfArraysAreThoseOfSingleAccesses() {
        long[] longs = new SplittableRandom(2).longs(1_000).toArray();
        double[] doubles = new SplittableRandom(3).doubles(1_000).toArray();
        for (long at : new long[] {address, address + 3}) {
            access.copyFrom(longs, 10, at, 900);
            for (int i = 0; i < 900; i++) {
                assertThat(access.getLong(at + i * 8L)).isEqualTo(longs[10 + i]);
            }
            long[] back = new long[902];
            access.copyTo(at, back, 1, 900);
            assertThat(Arrays.copyOfRange(back, 1, 901)).isEqualTo(Arrays.copyOfRange(longs, 10, 910));
            assertThat(back[0] | back[901]).isZero();

            access.copyFrom(doubles, 10, at, 900);
            for (int i = 0; i < 900; i++) {
                assertThat(access.getDouble(at + i * 8L)).isEqualTo(doubles[10 + i]);
            }
            double[] backDoubles = new double[902];
            access.copyTo(at, backDoubles, 1, 900);
            assertThat(Arrays.copyOfRange(backDoubles, 1, 901)).isEqualTo(Arrays.copyOfRange(doubles, 10, 910));
            assertThat(backDoubles[0] + backDoubles[901]).isZero();
        }
    }

    @Test
    void partsOutsideOfAnArrayAreRefused() {
        long[] longs = new long[8];
        double[] doubles = new double[8];
        int[][] parts = {{0, 9}, {1, 8}, {-1, 2}, {9, 0}, {Integer.MAX_VALUE, 2}, {1, Integer.MAX_VALUE}};
        for (int[] part : parts) {
            List<Runnable> copies = List.of(() -> access.copyTo(address, longs, part[0], part[1]),
                    () -> access.copyFrom(longs, part[0], address, part[1]),
                    () -> access.copyTo(address, doubles, part[0], part[1]),
                    () -> access.copyFrom(doubles, part[0], address, part[1]));
            for (Runnable copy : copies) {
                assertThatThrownBy(copy::run).isInstanceOf(IndexOutOfBoundsException.class);
            }
        }
        List<Runnable> negative = List.of(() -> access.copyTo(address, longs, 0, -1),
                () -> access.copyFrom(longs, 0, address, -1),
                () -> access.copyTo(address, doubles, 0, Integer.MIN_VALUE),
                () -> access.copyFrom(doubles, 0, address, -1));
        for (Runnable copy : negative) {
            assertThatIllegalArgumentException().isThrownBy(copy::run).withMessageContaining("count=-");
        }
        assertThat(leaks.manager().statistics().usedBytes()).isZero();
    }

    @Test
    void buffersAreCopiedFromTheirPositionToTheirLimit() {
        byte[] bytes = new byte[2 * PAGE];
        new SplittableRandom(4).nextBytes(bytes);
        try (Arena arena = Arena.ofConfined()) {
            List<ByteBuffer> buffers =
                    List.of(ByteBuffer.allocate(2 * PAGE + 9), ByteBuffer.allocateDirect(2 * PAGE + 9),
                            ByteBuffer.allocate(3 * PAGE).slice(100, 2 * PAGE + 9).order(ByteOrder.LITTLE_ENDIAN),
                            arena.allocate(2 * PAGE + 9).asByteBuffer());
            for (ByteBuffer buffer : buffers) {
                buffer.put(4, bytes).position(4).limit(4 + bytes.length);
                access.copyFrom(buffer.asReadOnlyBuffer(), address + 7);
                assertThat(buffer.position()).isEqualTo(4);
                access.copyFrom(buffer, address + 7);
                assertThat(buffer.position()).isEqualTo(buffer.limit()).isEqualTo(4 + bytes.length);
                assertThat(access.mismatch(address + 7, MemorySegment.ofArray(bytes), 0, bytes.length)).isEqualTo(-1);
                assertThat(access.getByte(address + 6) | access.getByte(address + 7 + bytes.length)).isZero();

                buffer.clear().put(new byte[buffer.capacity()]).position(5).limit(5 + bytes.length);
                access.copyTo(address + 7, buffer);
                assertThat(buffer.position()).isEqualTo(buffer.limit()).isEqualTo(5 + bytes.length);
                byte[] back = new byte[buffer.clear().capacity()];
                buffer.get(back);
                assertThat(Arrays.copyOfRange(back, 5, 5 + bytes.length)).isEqualTo(bytes);
                assertThat(back[4] | back[5 + bytes.length]).isZero();
                space.discard(address, 4 * PAGE);
            }
        }
    }

    @Test
    void unusableBuffersAreRefusedAndKeepTheirPosition() {
        ByteBuffer buffer = ByteBuffer.allocate(5 * PAGE).position(3);
        assertThatExceptionOfType(ReadOnlyBufferException.class)
                .isThrownBy(() -> access.copyTo(address, buffer.asReadOnlyBuffer()));
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> access.copyTo(address, buffer));
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> access.copyFrom(buffer, address));
        assertThat(buffer.position()).isEqualTo(3);

        Arena arena = Arena.ofConfined();
        ByteBuffer dead = arena.allocate(16).asByteBuffer();
        arena.close();
        assertThatThrownBy(() -> access.copyFrom(dead, address)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> access.copyTo(address, dead)).isInstanceOf(IllegalStateException.class);
        assertThat(dead.position()).isZero();
        assertThat(leaks.manager().statistics().usedBytes()).isZero();
        space.fork().close(); // would wait for ever if a write had not ended
    }

    @Test
    void copyIsRightEvenIfTheRangesOverlap() {
        byte[] expected = new byte[4 * PAGE];
        SplittableRandom random = new SplittableRandom(5);
        random.nextBytes(expected);
        access.copyFrom(expected, 0, address, expected.length);
        for (int i = 0; i < 200; i++) {
            int size = random.nextInt(3 * PAGE + 1);
            int from = random.nextInt(4 * PAGE - size + 1);
            int to = random.nextInt(4 * PAGE - size + 1);
            access.copy(address + from, address + to, size);
            System.arraycopy(expected, from, expected, to, size);
            assertThat(access.mismatch(address, MemorySegment.ofArray(expected), 0, expected.length)).isEqualTo(-1);
        }
    }

    @Test
    void copyInPartsIsRightEvenIfTheRangesOverlap() {
        byte[] expected = new byte[(1 << 20) + 5 * PAGE];
        new SplittableRandom(6).nextBytes(expected);
        long large = space.map(expected.length);
        access.copyFrom(expected, 0, large, expected.length);
        int[][] moves = {{0, 5, 1 << 20}, {5, 0, 1 << 20}, {3, 4 * PAGE, 1 << 20}, {4 * PAGE, 3, 1 << 20},
            {0, 300_000, 700_000}, {300_000, 0, 700_000}, {17, 17, 1 << 20}, {0, 600_001, 300_000}};
        for (int[] move : moves) {
            access.copy(large + move[0], large + move[1], move[2]);
            System.arraycopy(expected, move[0], expected, move[1], move[2]);
            assertThat(access.mismatch(large, MemorySegment.ofArray(expected), 0, expected.length)).isEqualTo(-1);
        }
    }

    @Test
    void copyLeavesForksAsTheyAreAndReadsWhatWasNeverWritten() {
        access.fill(address, PAGE, (byte) 5);
        try (AddressSpace fork = space.fork()) {
            access.copy(address + 2 * PAGE, address, PAGE);
            access.copy(address, address + PAGE, 0);
            assertThat(access.getByte(address)).isZero();
            assertThat(fork.getByte(address)).isEqualTo((byte) 5);
            assertThat(space.pageState(address + PAGE).place()).isEqualTo(space.pageState(address + 3 * PAGE).place());
        }
    }

    @Test
    void copyFromUnreadableOrToReadOnlyPagesIsRefusedAsAWhole() {
        long large = space.map(1 << 20);
        access.fill(large, 1 << 20, (byte) 1);
        long end = address + 4 * PAGE;
        access.fill(address, 4 * PAGE, (byte) 2);
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> access.copy(address, end - 8, 16));
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> access.copy(end - 8, address, 16));
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> access.copy(end, address, 1));
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> access.copy(address, end, 1));
        assertThatExceptionOfType(AddressNotMappedException.class)
                .isThrownBy(() -> access.copy(address, large, 1 << 20));
        assertThatIllegalArgumentException().isThrownBy(() -> access.copy(address, address, -1));

        space.protect(address + 2 * PAGE, PAGE, Protection.READ_ONLY);
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> access.copy(large, address, 4 * PAGE));
        space.protect(large + (1 << 19), PAGE, Protection.NONE);
        long other = space.map(1 << 20);
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> access.copy(large, other, 1 << 20));
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> access.copy(other, large, 1 << 20));
        space.protect(large + (1 << 19), PAGE, Protection.READ_WRITE);

        assertThat(access.mismatch(address, MemorySegment.ofArray(new byte[] {2, 2}), 0, 2)).isEqualTo(-1);
        for (long at = address; at < end; at++) {
            assertThat(access.getByte(at)).isEqualTo((byte) 2);
        }
        assertThat(access.mismatch(other, MemorySegment.ofArray(new byte[1 << 20]), 0, 1 << 20)).isEqualTo(-1);
        assertThat(access.mismatch(large, MemorySegment.ofArray(onesOf(1 << 20)), 0, 1 << 20)).isEqualTo(-1);
        assertThat(space.statistics().exclusivePages()).isEqualTo(4 + 256);
    }

    @Test
    void mismatchIsTheFirstByteThatDiffers() {
        access.fill(address, 4 * PAGE, (byte) 1);
        long other = space.map(4 * PAGE);
        access.fill(other, 4 * PAGE, (byte) 1);
        assertThat(access.mismatch(address, space, other + 1, 4 * PAGE - 1)).isEqualTo(-1);
        for (int at : new int[] {0, 1, PAGE - 2, PAGE - 1, PAGE, 3 * PAGE}) {
            access.setByte(other + 1 + at, (byte) 2);
            assertThat(access.mismatch(address, space, other + 1, 4 * PAGE - 1)).isEqualTo(at);
            assertThat(space.mismatch(other + 1, access, address, 4 * PAGE - 1)).isEqualTo(at);
            assertThat(access.mismatch(other + 1, MemorySegment.ofArray(onesOf(4 * PAGE)), 0, 4 * PAGE - 1))
                    .isEqualTo(at);
            access.setByte(other + 1 + at, (byte) 1);
        }
    }

    @Test
    void gatherReadsWhatSingleReadsRead() {
        long[] addresses = LongStream.range(0, 300).map(i -> address + i * 52 / 8 * 8).toArray();
        for (long at : addresses) {
            access.setLong(at, at * 3);
        }
        long[] values = new long[400];
        access.gatherLongs(addresses, values, 300);
        for (int i = 0; i < 300; i++) {
            assertThat(values[i]).isEqualTo(addresses[i] * 3);
        }
        assertThat(values[300]).isZero();
        assertThatExceptionOfType(MisalignedAddressException.class)
                .isThrownBy(() -> access.gatherLongs(new long[] {address + 4}, values, 1));
        assertThatThrownBy(() -> access.gatherLongs(addresses, values, 301))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> access.gatherLongs(addresses, new long[2], 3))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> access.gatherLongs(addresses, values, -1))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void rangesOfNegativeSizeAreRefused() {
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        for (long size : new long[] {-1, Long.MIN_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> access.fill(address, size, (byte) 1))
                    .withMessageContaining("sizeBytes=" + size);
            assertThatIllegalArgumentException().isThrownBy(() -> access.copyTo(address, heap, 0, size));
            assertThatIllegalArgumentException().isThrownBy(() -> access.copyFrom(heap, 0, address, size));
            assertThatIllegalArgumentException().isThrownBy(() -> access.mismatch(address, heap, 0, size));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> access.mismatch(address, space, address, size));
        }
    }

    @Test
    void rangesBeyondASegmentAreRefused() {
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        assertThatThrownBy(() -> access.copyTo(address, heap, 1, 8))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> access.copyTo(address, heap, -1, 8))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> access.copyFrom(heap, 1, address, 8))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> access.mismatch(address, heap, 1, 8))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> access.copyFrom(heap, Long.MAX_VALUE, address, 8))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(leaks.manager().statistics().usedBytes()).isZero();
    }

    @Test
    void rangesBeyondTheMappingAreRefusedBeforeAnythingIsWritten() {
        byte[] bytes = onesOf(4 * PAGE + 1);
        MemorySegment segment = MemorySegment.ofArray(bytes);
        long end = address + 4 * PAGE;
        List<Runnable> refused = List.of(
                () -> access.fill(address, 4 * PAGE + 1, (byte) 1),
                () -> access.fill(address, Long.MAX_VALUE, (byte) 1),
                () -> access.fill(address, 1L << 47, (byte) 1),
                () -> access.copyFrom(bytes, 0, address, bytes.length),
                () -> access.copyTo(address, bytes, 0, bytes.length),
                () -> access.copy(address, address, bytes.length),
                () -> access.copy(address, address, Long.MAX_VALUE),
                () -> access.mismatch(address, segment, 0, bytes.length),
                () -> access.mismatch(address, space, address, bytes.length),
                () -> access.mismatch(address, space, address, Long.MAX_VALUE));
        for (Runnable action : refused) {
            assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(action::run)
                    .satisfies(exception -> assertThat(exception.address()).isEqualTo(end));
        }
        assertThatExceptionOfType(AddressNotMappedException.class)
                .isThrownBy(() -> access.fill(address - 1, 2, (byte) 1));
        assertThat(leaks.manager().statistics().usedBytes()).isZero();
    }

    @Test
    void rangeWithOneProtectedPageIsRefusedBeforeAnythingIsWritten() {
        space.protect(address + 2 * PAGE, PAGE, Protection.READ_ONLY);
        byte[] bytes = onesOf(4 * PAGE);
        assertThatExceptionOfType(ProtectionException.class)
                .isThrownBy(() -> access.copyFrom(bytes, 0, address, bytes.length))
                .satisfies(refused -> assertThat(refused.address()).isEqualTo(address + 2 * PAGE));
        assertThatExceptionOfType(ProtectionException.class)
                .isThrownBy(() -> access.fill(address, bytes.length, (byte) 1));
        assertThatExceptionOfType(ProtectionException.class)
                .isThrownBy(() -> access.setLong(address + 2 * PAGE - 4, -1));
        assertThat(access.mismatch(address, MemorySegment.ofArray(new byte[4 * PAGE]), 0, 4 * PAGE))
                .isEqualTo(-1);
    }

    @Test
    void sourceThatCannotBeReadLeavesTheSpaceUsable() {
        Arena arena = Arena.ofConfined();
        MemorySegment dead = arena.allocate(16);
        arena.close();
        assertThatThrownBy(() -> access.copyFrom(dead, 0, address, 16))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> access.copyTo(address, MemorySegment.ofArray(new byte[16]).asReadOnly(), 0, 16))
                .isInstanceOf(IllegalArgumentException.class);
        access.setLong(address, 1);
        space.fork().close(); // would wait for ever if a write had not ended
    }

    @Test
    void emptyRangesTouchNothing() {
        access.fill(address, 0, (byte) 1);
        access.copyFrom(new byte[0], 0, address, 0);
        access.copyTo(address, new byte[0], 0, 0);
        assertThat(access.mismatch(address, space, address, 0)).isEqualTo(-1);
        access.gatherLongs(new long[0], new long[0], 0);
        access.copy(address, address + 1, 0);
        access.copyFrom(new long[0], 0, address, 0);
        access.copyTo(address, new double[1], 1, 0);
        access.copyFrom(ByteBuffer.allocate(0), address);
        access.copyTo(address, ByteBuffer.allocate(0));
        assertThat(leaks.manager().statistics().usedBytes()).isZero();
    }

    @Test
    void spaceIdIsPositiveAndUnlikeThatOfAnyOpenSpace() {
        try (AddressSpace fork = space.fork()) {
            assertThat(access.spaceId()).isPositive().isEqualTo(space.spaceId()).isNotEqualTo(fork.spaceId());
        }
    }

    private long mismatch(ModelSpace model) {
        return access.mismatch(address, MemorySegment.ofArray(model.read(address, 4 * PAGE)), 0, 4 * PAGE);
    }

    /**
     * Returns an address inside a page and, if the operation may be misaligned, all addresses that cross the end of
     * one.
     */
    private long[] crossings(ValueOperation operation) {
        return operation.aligned() ? new long[] {address + PAGE, address + 2 * PAGE - operation.sizeBytes()}
                : LongStream.range(0, operation.sizeBytes() + 1).map(i -> address + PAGE - i).toArray();
    }

    private static byte[] onesOf(int size) {
        byte[] ones = new byte[size];
        Arrays.fill(ones, (byte) 1);
        return ones;
    }
}
