package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class EntryTest {

    private static final long PRIVATE = 1L << 48;

    private static final long[] OFFSETS =
            {0, 0x1000, 0x7FFF_F000L, 0x8000_0000L, 0x7FFF_FFFF_F000L, 0xFFFF_FFFF_F000L};

    @Test
    void fieldsLieWhereThePictureDrawsThem() {
        //        reserved........_OFFSET....................................reNVXMPWR
        assertThat(Entry.present(0)).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00000000_00000000_00000101L);
        assertThat(Entry.writable(Entry.present(0))).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00000000_00000000_00000111L);
        assertThat(Entry.hidden(Entry.present(0))).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00000000_00000000_00000100L);
        assertThat(Entry.migrating(Entry.present(0))).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00000000_00000000_00001101L);
        assertThat(Entry.exclusive(Entry.writable(Entry.present(0)))).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00000000_00000000_00110100L);
        assertThat(Entry.replaced(Entry.present(0), 0x1000)).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00000000_00010000_01000101L);
        assertThat(Entry.present(PRIVATE)).isEqualTo(
                0b00000000_00000001_00000000_00000000_00000000_00000000_00000000_00100100L);
        assertThat(Entry.present(0xFFFF_FFFF_F000L)).isEqualTo(
                0b00000000_00000000_11111111_11111111_11111111_11111111_11110000_00000101L);
        assertThat(Entry.offset(-1)).isEqualTo(
                0b00000000_00000001_11111111_11111111_11111111_11111111_11110000_00000000L);
        assertThat(Entry.ABSENT).isZero();
    }

    @Test
    void everyTransitionFromEveryStateKeepsTheFrameAndChangesWhatItSays() {
        for (long offset : OFFSETS) {
            long present = Entry.present(offset);
            for (long entry : List.of(present, Entry.writable(present), Entry.hidden(present))) {
                expect(entry, Entry::writable, offset, Entry.isReadable(entry), Entry.isReadable(entry));
                expect(entry, Entry::readOnly, offset, Entry.isReadable(entry), false);
                expect(entry, Entry::hidden, offset, false, false);
                expect(entry, Entry::visible, offset, true, Entry.isWritable(entry));
                expect(entry, Entry::migrating, offset, Entry.isReadable(entry), false);
                expect(entry, Entry::settled, offset, Entry.isReadable(entry), Entry.isWritable(entry));
                assertThat(Entry.settled(Entry.migrating(entry))).isEqualTo(entry);
                assertThat(Entry.isMigrating(Entry.migrating(entry))).isTrue();
            }
        }
    }

    @Test
    void newFrameMayBeReadAndNotWrittenUntilTheOldOneIsInvalidated() {
        for (long offset : OFFSETS) {
            for (long other : OFFSETS) {
                for (long entry : List.of(Entry.present(other), Entry.writable(Entry.present(other)))) {
                    long replaced = Entry.replaced(entry, offset);
                    assertThat(Entry.isNew(replaced)).isTrue();
                    assertThat(Entry.isNew(entry)).isFalse();
                    expect(entry, seen -> Entry.replaced(seen, offset), offset, true, false);
                    expect(replaced, Entry::writable, offset, true, true);
                    expect(replaced, Entry::invalidated, offset, true, false);
                    assertThat(Entry.writable(replaced)).isEqualTo(Entry.writable(Entry.present(offset)));
                    assertThat(Entry.invalidated(replaced)).isEqualTo(Entry.present(offset));
                }
            }
        }
    }

    @Test
    void privatePageIsNeverReadableOrWritableByTheProcessor() {
        long page = Entry.present(PRIVATE | 0x5000);
        for (LongUnaryOperator step : List.<LongUnaryOperator>of(Entry::writable, Entry::readOnly, Entry::hidden,
                Entry::visible, Entry::migrating, Entry::settled)) {
            expect(page, step, PRIVATE | 0x5000, false, false);
        }
        assertThat(Entry.isPrivate(page)).isTrue();
        assertThat(Entry.isPrivate(Entry.present(0x5000))).isFalse();
        assertThat(Entry.isPrivate(Entry.ABSENT)).isFalse();
    }

    @Test
    void exclusivePageIsOutOfReachUntilItIsInclusiveAgain() {
        long page = Entry.writable(Entry.present(0x5000));
        long exclusive = Entry.exclusive(page);
        assertThat(Entry.isExclusive(exclusive)).isTrue();
        for (LongUnaryOperator step : List.<LongUnaryOperator>of(Entry::writable, Entry::readOnly, Entry::hidden,
                Entry::visible)) {
            expect(exclusive, step, 0x5000, false, false);
            assertThat(Entry.isExclusive(step.applyAsLong(exclusive))).isTrue();
        }
        assertThat(Entry.inclusive(exclusive)).isEqualTo(Entry.present(0x5000));
        assertThat(Entry.isReadable(Entry.inclusive(Entry.hidden(exclusive)))).as("readable, though hidden meanwhile")
                .isFalse();
        assertThat(Entry.isReadable(Entry.inclusive(Entry.visible(Entry.hidden(exclusive))))).isTrue();
    }

    @Test
    void movedPageIsReadableIfItWasOrWouldHaveBeenReadable() {
        long writable = Entry.writable(Entry.present(0x5000));
        assertThat(Entry.moved(writable, 0x6000)).isEqualTo(Entry.writable(Entry.present(0x6000)));
        assertThat(Entry.moved(Entry.present(0x5000), 0x6000)).isEqualTo(Entry.present(0x6000));
        assertThat(Entry.moved(Entry.hidden(writable), 0x6000)).isEqualTo(Entry.hidden(Entry.present(0x6000)));
        assertThat(Entry.moved(writable, PRIVATE)).isEqualTo(Entry.present(PRIVATE));
        assertThat(Entry.moved(Entry.present(PRIVATE), 0x6000)).isEqualTo(Entry.present(0x6000));
        assertThat(Entry.moved(Entry.hidden(Entry.present(PRIVATE)), 0x6000))
                .isEqualTo(Entry.hidden(Entry.present(0x6000)));
        assertThat(Entry.moved(Entry.migrating(writable), 0x6000)).as("the entry without its migration mark")
                .isEqualTo(Entry.writable(Entry.present(0x6000)));
    }

    private static void expect(long entry, LongUnaryOperator step, long offset, boolean readable,
            boolean writable) {
        long next = step.applyAsLong(entry);
        assertThat(Entry.isPresent(next)).isTrue();
        assertThat(Entry.offset(next)).isEqualTo(offset);
        assertThat(Entry.isReadable(next)).isEqualTo(readable);
        assertThat(Entry.isWritable(next)).isEqualTo(writable);
        assertThat(step.applyAsLong(next)).as("the same step twice").isEqualTo(next);
    }

    @Test
    void absentEntryAllowsNothing() {
        assertThat(Entry.isPresent(Entry.ABSENT)).isFalse();
        assertThat(Entry.isReadable(Entry.ABSENT)).isFalse();
        assertThat(Entry.isWritable(Entry.ABSENT)).isFalse();
    }

    @Test
    void offsetsThatAreNotOfAPageAreCaught() {
        for (long offset : new long[] {1, 4095, 1L << 49, -4096}) {
            assertThatThrownBy(() -> Entry.present(offset)).isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void toStringDecodesTheBits() {
        long entry = Entry.present(0x7000);
        assertThat(Entry.toString(Entry.ABSENT)).isEqualTo("absent");
        assertThat(Entry.toString(entry)).isEqualTo("0x7000 R-");
        assertThat(Entry.toString(Entry.writable(entry))).isEqualTo("0x7000 RW");
        assertThat(Entry.toString(Entry.hidden(entry))).isEqualTo("0x7000 --");
    }

    @Test
    void entriesAreOfOneFrameWhateverMayBeDoneWithIt() {
        long entry = Entry.present(0);
        assertThat(Entry.isSameFrame(entry, Entry.writable(entry))).isTrue();
        assertThat(Entry.isSameFrame(entry, Entry.hidden(entry))).isTrue();
        assertThat(Entry.isSameFrame(Entry.migrating(entry), Entry.exclusive(entry))).isTrue();
        assertThat(Entry.isSameFrame(Entry.ABSENT, Entry.ABSENT)).isTrue();
        assertThat(Entry.isSameFrame(entry, Entry.ABSENT)).isFalse();
        assertThat(Entry.isSameFrame(entry, Entry.present(Geometry.PAGE_BYTES))).isFalse();
        assertThat(Entry.isSameFrame(Entry.present(1L << 48), entry)).isFalse();
    }
}
