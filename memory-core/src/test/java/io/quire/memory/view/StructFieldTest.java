package io.quire.memory.view;

import static java.lang.foreign.MemoryLayout.PathElement.dereferenceElement;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.PathElement.sequenceElement;
import static java.lang.foreign.MemoryLayout.paddingLayout;
import static java.lang.foreign.MemoryLayout.sequenceLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.MemoryLayout.unionLayout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Seed;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Fields of structs are where {@link MemoryLayout} says, and have the values that its {@link VarHandle} has. */
@Tag("portable")
@ExtendWith(Seed.class)
class StructFieldTest {

    private static final int PAGE = 4096;

    /** Each of the six types, in every byte order, in elements of a sequence. */
    private static final MemoryLayout RECORD = structLayout(
            ValueLayout.JAVA_BYTE.withName("byte"), paddingLayout(1),
            ValueLayout.JAVA_SHORT.withName("short").withOrder(ByteOrder.BIG_ENDIAN),
            ValueLayout.JAVA_INT.withName("int").withOrder(ByteOrder.LITTLE_ENDIAN),
            ValueLayout.JAVA_LONG.withName("long").withOrder(ByteOrder.BIG_ENDIAN),
            unionLayout(ValueLayout.JAVA_FLOAT.withName("float"), ValueLayout.JAVA_DOUBLE.withName("double"))
                    .withName("number"),
            ValueLayout.JAVA_DOUBLE.withName("price").withOrder(ByteOrder.BIG_ENDIAN));

    private static final MemoryLayout RECORDS = sequenceLayout(10, RECORD);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(1 << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void map() {
        space = leaks.manager().newAddressSpace("structs");
        address = space.map(4 * PAGE);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private static PathElement[] path(String... names) {
        PathElement[] path = new PathElement[names.length + 1];
        path[0] = sequenceElement();
        for (int i = 0; i < names.length; i++) {
            path[i + 1] = groupElement(names[i]);
        }
        return path;
    }

    @Test
    void valuesAreThoseOfAVarHandleOfTheSamePath(SplittableRandom random) {
        try (Accessor accessor = space.accessor()) {
            for (MemoryAccess access : List.of(space, accessor)) {
                for (PathElement[] path : List.of(path("byte"), path("short"), path("int"), path("long"),
                        path("number", "float"), path("number", "double"), path("price"))) {
                    for (int i = 0; i < 100; i++) {
                        isAsByVarHandle(access, path, address + 8L * random.nextInt(1000), random);
                    }
                }
            }
        }
    }

    private void isAsByVarHandle(MemoryAccess access, PathElement[] path, long at, SplittableRandom random) {
        StructField field = StructField.of(RECORDS, path);
        VarHandle twin = RECORDS.varHandle(path);
        MemorySegment bytes = MemorySegment.ofArray(new long[(int) RECORDS.byteSize() / 8]);
        access.copyTo(at, bytes, 0, RECORDS.byteSize());
        long index = random.nextInt(10);
        Object value = set(field, access, at, index, random.nextLong());
        twin.set(bytes, 0L, index, value);
        assertThat(access.mismatch(at, bytes, 0, RECORDS.byteSize())).isEqualTo(-1);
        for (long i = 0; i < 10; i++) {
            assertThat(get(field, access, at, i)).isEqualTo(twin.get(bytes, 0L, i));
            assertThat(get(field.element(i), access, at)).isEqualTo(twin.get(bytes, 0L, i));
        }
        Object other = set(field.element(index), access, at, random.nextLong());
        assertThat(get(field, access, at, index)).isEqualTo(other);
    }

    private static Object set(StructField field, MemoryAccess access, long at, long index, long bits) {
        return switch (field.layout()) {
            case ValueLayout.OfByte _ -> {
                field.setByte(access, at, index, (byte) bits);
                yield (byte) bits;
            }
            case ValueLayout.OfShort _ -> {
                field.setShort(access, at, index, (short) bits);
                yield (short) bits;
            }
            case ValueLayout.OfInt _ -> {
                field.setInt(access, at, index, (int) bits);
                yield (int) bits;
            }
            case ValueLayout.OfLong _ -> {
                field.setLong(access, at, index, bits);
                yield bits;
            }
            case ValueLayout.OfFloat _ -> {
                field.setFloat(access, at, index, bits);
                yield (float) bits;
            }
            default -> {
                field.setDouble(access, at, index, bits);
                yield (double) bits;
            }
        };
    }

    private static Object set(StructField field, MemoryAccess access, long at, long bits) {
        return switch (field.layout()) {
            case ValueLayout.OfByte _ -> {
                field.setByte(access, at, (byte) bits);
                yield (byte) bits;
            }
            case ValueLayout.OfShort _ -> {
                field.setShort(access, at, (short) bits);
                yield (short) bits;
            }
            case ValueLayout.OfInt _ -> {
                field.setInt(access, at, (int) bits);
                yield (int) bits;
            }
            case ValueLayout.OfLong _ -> {
                field.setLong(access, at, bits);
                yield bits;
            }
            case ValueLayout.OfFloat _ -> {
                field.setFloat(access, at, bits);
                yield (float) bits;
            }
            default -> {
                field.setDouble(access, at, bits);
                yield (double) bits;
            }
        };
    }

    private static Object get(StructField field, MemoryAccess access, long at, long index) {
        return switch (field.layout()) {
            case ValueLayout.OfByte _ -> (Object) field.getByte(access, at, index);
            case ValueLayout.OfShort _ -> field.getShort(access, at, index);
            case ValueLayout.OfInt _ -> field.getInt(access, at, index);
            case ValueLayout.OfLong _ -> field.getLong(access, at, index);
            case ValueLayout.OfFloat _ -> field.getFloat(access, at, index);
            default -> field.getDouble(access, at, index);
        };
    }

    private static Object get(StructField field, MemoryAccess access, long at) {
        return switch (field.layout()) {
            case ValueLayout.OfByte _ -> (Object) field.getByte(access, at);
            case ValueLayout.OfShort _ -> field.getShort(access, at);
            case ValueLayout.OfInt _ -> field.getInt(access, at);
            case ValueLayout.OfLong _ -> field.getLong(access, at);
            case ValueLayout.OfFloat _ -> field.getFloat(access, at);
            default -> field.getDouble(access, at);
        };
    }

    @Test
    void elementsOfAnySequencesAreWhereTheLayoutHasThem() {
        MemoryLayout layout = structLayout(ValueLayout.JAVA_LONG,
                sequenceLayout(7, sequenceLayout(5, structLayout(ValueLayout.JAVA_SHORT, ValueLayout.JAVA_SHORT
                        .withName("x")))).withName("grid"),
                paddingLayout(4));
        for (PathElement outer : List.of(sequenceElement(), sequenceElement(1, 2), sequenceElement(6, -3),
                sequenceElement(6, 1), sequenceElement(0, -1), sequenceElement(3))) {
            for (PathElement inner : List.of(sequenceElement(), sequenceElement(4, -1), sequenceElement(2))) {
                PathElement[] path = {groupElement("grid"), outer, inner, groupElement("x")};
                isWhereTheLayoutHasIt(layout, path);
            }
        }
    }

    /** Compares with {@link MemoryLayout#byteOffsetHandle} for all indexes, and for those on both sides of them. */
    private void isWhereTheLayoutHasIt(MemoryLayout layout, PathElement[] path) {
        StructField field = StructField.of(layout, path);
        int open = layout.byteOffsetHandle(path).type().parameterCount() - 1;
        if (open == 0) {
            assertThat((Object) field.addressIn(address)).isEqualTo(byHandle(layout, path, address));
            return;
        }
        for (long i = -1; i < 9; i++) {
            if (open == 1) {
                assertThat(addressIn(field, i)).isEqualTo(byHandle(layout, path, address, i));
            }
            for (long j = -1; j < 7 && open == 2; j++) {
                assertThat(addressIn(field, i, j)).isEqualTo(byHandle(layout, path, address, i, j));
            }
        }
    }

    private Object addressIn(StructField field, long... indexes) {
        try {
            StructField inner = indexes.length == 2 ? field.element(indexes[0]) : field;
            return inner.addressIn(address, indexes[indexes.length - 1]);
        } catch (IndexOutOfBoundsException none) {
            return "none";
        }
    }

    private static Object byHandle(MemoryLayout layout, PathElement[] path, Object... addressAndIndexes) {
        try {
            return layout.byteOffsetHandle(path).invokeWithArguments(addressAndIndexes);
        } catch (IndexOutOfBoundsException none) {
            return "none";
        } catch (Throwable failed) {
            throw new AssertionError(failed);
        }
    }

    @Test
    void aStructThatIsNotAlignedIsRefusedAndAPackedOneIsNot() {
        MemoryLayout aligned = structLayout(ValueLayout.JAVA_INT.withName("a"), ValueLayout.JAVA_BYTE.withName("b"));
        StructField b = StructField.of(aligned, groupElement("b"));
        for (int off = 1; off < 4; off++) {
            long at = address + off;
            assertThatIllegalArgumentException().isThrownBy(() -> b.setByte(space, at, (byte) 1))
                    .withMessageContaining("alignment=4").withMessageContaining(Long.toHexString(at));
            assertThatIllegalArgumentException().isThrownBy(() -> b.getByte(space, at));
            assertThatIllegalArgumentException().isThrownBy(() -> b.addressIn(at));
        }
        assertThat(leaks.manager().statistics().usedBytes()).isZero();
        StructField wide = StructField.of(structLayout(ValueLayout.JAVA_BYTE).withByteAlignment(8192),
                groupElement(0));
        assertThatIllegalArgumentException().isThrownBy(() -> wide.getByte(space, address + PAGE));
        StructField packed = StructField.of(structLayout(ValueLayout.JAVA_BYTE,
                ValueLayout.JAVA_LONG_UNALIGNED.withName("n").withOrder(ByteOrder.BIG_ENDIAN)), groupElement("n"));
        packed.setLong(space, address + PAGE - 5, 0x0102030405060708L); // over the end of a page
        assertThat(packed.getLong(space, address + PAGE - 5)).isEqualTo(0x0102030405060708L);
        assertThat(space.getByte(address + PAGE - 4)).isOne();
    }

    @Test
    void anotherTypeThanThatOfTheLayoutIsRefused() {
        StructField cents = StructField.of(structLayout(ValueLayout.JAVA_INT.withName("cents")), groupElement("cents"));
        for (Runnable wrong : List.<Runnable>of(() -> cents.getByte(space, address),
                () -> cents.getShort(space, address), () -> cents.getLong(space, address),
                () -> cents.getFloat(space, address), () -> cents.getDouble(space, address),
                () -> cents.setByte(space, address, (byte) 1), () -> cents.setShort(space, address, (short) 1),
                () -> cents.setLong(space, address, 1), () -> cents.setFloat(space, address, 1),
                () -> cents.setDouble(space, address, 1))) {
            assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(wrong::run)
                    .withMessageContaining("type=int").withMessageContaining("cents");
        }
        assertThat(leaks.manager().statistics().usedBytes()).isZero();
        cents.setInt(space, address, 5);
        StructField all = StructField.of(sequenceLayout(4, ValueLayout.JAVA_LONG), sequenceElement());
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> all.getInt(space, address, 0));
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> all.setInt(space, address, 0, 1));
    }

    @Test
    void anotherNumberOfIndexesThanThePathLeavesOpenIsRefused() {
        StructField closed = StructField.of(ValueLayout.JAVA_LONG);
        StructField one = StructField.of(sequenceLayout(4, ValueLayout.JAVA_LONG), sequenceElement());
        StructField two = StructField.of(sequenceLayout(4, sequenceLayout(4, ValueLayout.JAVA_LONG)),
                sequenceElement(), sequenceElement());
        for (Runnable wrong : List.<Runnable>of(() -> closed.getLong(space, address, 0), () -> closed.element(0),
                () -> one.setLong(space, address, 1), () -> two.getLong(space, address),
                () -> two.getLong(space, address, 1), () -> two.element(1).addressIn(address))) {
            assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(wrong::run)
                    .withMessageContaining("open=");
        }
        closed.setLong(space, address, 7);
        assertThat(one.getLong(space, address, 0)).isEqualTo(7);
        assertThat(two.element(0).getLong(space, address, 0)).isEqualTo(7);
    }

    @Test
    void elementsThatAreNotThereAreRefused() {
        StructField one = StructField.of(sequenceLayout(4, ValueLayout.JAVA_LONG), sequenceElement());
        StructField none = StructField.of(sequenceLayout(0, ValueLayout.JAVA_LONG), sequenceElement());
        for (long wild : new long[] {-1, 4, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> one.getLong(space, address, wild));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> one.element(wild));
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> one.setLong(space, address, wild, 1));
        }
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> none.getLong(space, address, 0));
    }

    @Test
    void pathsThatLeadToNoValueAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> StructField.of(RECORD, groupElement("nothing")));
        assertThatIllegalArgumentException().isThrownBy(() -> StructField.of(RECORD, sequenceElement()));
        assertThatIllegalArgumentException().isThrownBy(() -> StructField.of(RECORDS, groupElement("int")));
        assertThatIllegalArgumentException().isThrownBy(() -> StructField.of(RECORDS, sequenceElement(10)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StructField.of(ValueLayout.ADDRESS, dereferenceElement()));
        for (MemoryLayout noValue : List.of(RECORD, RECORDS, paddingLayout(4))) {
            assertThatIllegalArgumentException().isThrownBy(() -> StructField.of(noValue))
                    .withMessageStartingWith("the path must end at a value");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> StructField.of(ValueLayout.ADDRESS))
                .withMessageContaining("JAVA_LONG");
        assertThatIllegalArgumentException().isThrownBy(() -> StructField.of(ValueLayout.JAVA_CHAR))
                .withMessageContaining("JAVA_SHORT");
        assertThatIllegalArgumentException().isThrownBy(() -> StructField.of(ValueLayout.JAVA_BOOLEAN))
                .withMessageContaining("JAVA_BYTE");
    }

    @Test
    void theSpaceRefusesAsItDoesWithoutAField() {
        StructField field = StructField.of(ValueLayout.JAVA_LONG);
        for (long wild : new long[] {0, -8, Long.MIN_VALUE, address + 4 * PAGE}) {
            assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> field.getLong(space, wild));
            assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> field.setLong(space, wild, 1));
        }
        try (AddressSpace snapshot = space.snapshot()) {
            assertThat(field.getLong(snapshot, address)).isZero();
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> field.setLong(snapshot, address, 1));
        }
    }

    @Test
    void nullIsRefused() {
        StructField field = StructField.of(ValueLayout.JAVA_LONG);
        assertThatNullPointerException().isThrownBy(() -> StructField.of(null));
        assertThatNullPointerException().isThrownBy(() -> StructField.of(RECORD, (PathElement[]) null));
        assertThatNullPointerException().isThrownBy(() -> StructField.of(RECORD, (PathElement) null));
        assertThatNullPointerException().isThrownBy(() -> field.getLong(null, address));
        assertThatNullPointerException().isThrownBy(() -> field.setLong(null, address, 1));
    }

    @Test
    void aFieldTellsWhatItIs() {
        assertThat(StructField.of(RECORDS, path("int"))).asString().contains("(int)", "offsetBytes=4", "count=10",
                "strideBytes=32");
    }
}
