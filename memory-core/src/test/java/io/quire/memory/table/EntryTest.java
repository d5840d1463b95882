package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class EntryTest {

    private static final long[] OFFSETS =
            {0, 0x1000, 0x7FFF_F000L, 0x8000_0000L, 0x7FFF_FFFF_F000L, 0xFFFF_FFFF_F000L};

    @Test
    void fieldsLieWhereThePictureDrawsThem() {
        //        reserved..........OFFSET..................................reserved..PWR
        assertThat(Entry.present(0)).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00000000_00000000_00000101L);
        assertThat(Entry.writable(Entry.present(0))).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00000000_00000000_00000111L);
        assertThat(Entry.hidden(Entry.present(0))).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00000000_00000000_00000100L);
        assertThat(Entry.present(0xFFFF_FFFF_F000L)).isEqualTo(
                0b00000000_00000000_11111111_11111111_11111111_11111111_11110000_00000101L);
        assertThat(Entry.offset(-1)).isEqualTo(
                0b00000000_00000000_11111111_11111111_11111111_11111111_11110000_00000000L);
        assertThat(Entry.ABSENT).isZero();
    }

    @Test
    void everyTransitionFromEveryStateKeepsTheFrameAndChangesWhatItSays() {
        for (long offset : OFFSETS) {
            long present = Entry.present(offset);
            for (long entry : List.of(present, Entry.writable(present), Entry.hidden(present))) {
                expect(entry, Entry::writable, offset, Entry.isReadable(entry), true);
                expect(entry, Entry::readOnly, offset, Entry.isReadable(entry), false);
                expect(entry, Entry::hidden, offset, false, false);
                expect(entry, Entry::visible, offset, true, Entry.isWritable(entry));
            }
        }
    }

    private static void expect(long entry, LongUnaryOperator step, long offset, boolean readable,
            boolean writable) {
        long next = step.applyAsLong(entry);
        assertThat(Entry.isPresent(next)).isTrue();
        assertThat(Entry.offset(next)).isEqualTo(offset);
        assertThat(Entry.isReadable(next)).isEqualTo(readable);
        assertThat(Entry.isWritable(next)).isEqualTo(writable);
        assertThat(step.applyAsLong(next)).as("done twice").isEqualTo(next);
    }

    @Test
    void absentEntryAllowsNothing() {
        assertThat(Entry.isPresent(Entry.ABSENT)).isFalse();
        assertThat(Entry.isReadable(Entry.ABSENT)).isFalse();
        assertThat(Entry.isWritable(Entry.ABSENT)).isFalse();
    }

    @Test
    void offsetsThatAreNoPageAreCaught() {
        for (long offset : new long[] {1, 4095, 1L << 48, -4096}) {
            assertThatThrownBy(() -> Entry.present(offset)).isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void textDecodesTheBits() {
        long entry = Entry.present(0x7000);
        assertThat(Entry.toString(Entry.ABSENT)).isEqualTo("absent");
        assertThat(Entry.toString(entry)).isEqualTo("0x7000 R-");
        assertThat(Entry.toString(Entry.writable(entry))).isEqualTo("0x7000 RW");
        assertThat(Entry.toString(Entry.hidden(entry))).isEqualTo("0x7000 --");
    }
}
