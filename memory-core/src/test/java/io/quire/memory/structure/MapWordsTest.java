package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class MapWordsTest {

    private static final long SEQUENCE_MAX = (1L << 54) - 1;

    @Test
    void fieldsOfTheStateLieWhereThePictureDrawsThem() {
        assertThat(StateWord.commit(0, 186)).isEqualTo(0x400L | 186);
        assertThat(StateWord.sequence(-1L)).isEqualTo(SEQUENCE_MAX);
        assertThat(StateWord.pending(-1L)).isEqualTo(1023);
        assertThat(Journal.CAPACITY).isEqualTo(186).isGreaterThanOrEqualTo(SizeClasses.COUNT + 6)
                // A put that splits two blocks; the first step of a sweep that links one run.
                .isGreaterThanOrEqualTo(2 * 3 * BlockAllocator.PIECES_MAX + 30)
                .isGreaterThanOrEqualTo(SizeClasses.COUNT + 3 + 3 * BlockAllocator.PIECES_MAX + 5);
    }

    @Test
    void stateGoesFromSettledOverPendingToTheNextSettled() {
        long settled = 7L << 10;
        long pending = StateWord.commit(settled, 3);
        assertThat(StateWord.sequence(pending)).isEqualTo(8);
        assertThat(StateWord.pending(pending)).isEqualTo(3);
        assertThat(StateWord.settle(pending)).isEqualTo(8L << 10);
        assertThat(StateWord.settle(settled)).isEqualTo(settled);
        assertThat(StateWord.toString(pending)).isEqualTo("PENDING writes=3 sequence=8");
        assertThat(StateWord.toString(settled)).isEqualTo("SETTLED sequence=7");
    }

    @Test
    void tableWordHoldsBlockAndCapacity() {
        long highest = MapHeader.REGION_MAX - 16;
        long word = TableWord.of(highest, 32);
        assertThat(TableWord.block(word)).isEqualTo(highest);
        assertThat(TableWord.log2(word)).isEqualTo(32);
        assertThat(TableWord.capacity(word)).isEqualTo(1L << 32);
        assertThat(TableWord.blockBytes(32)).isEqualTo((1L << 35) + 16).isLessThan(SizeClasses.LARGEST);
        assertThat(TableWord.of(4096, 4)).isEqualTo(256L << 6 | 4);
    }

    @Test
    void tableThatDoesNotFitIntoTheRegionIsNotSane() {
        long bytes = 16 + 8 * 16;
        assertThat(TableWord.isSane(TableWord.of(8192 - bytes, 4), 8192)).isTrue();
        assertThat(TableWord.isSane(TableWord.of(8192 - bytes + 16, 4), 8192)).isFalse();
        assertThat(TableWord.isSane(TableWord.of(4080, 4), 8192)).isFalse();
        assertThat(TableWord.isSane(TableWord.of(4096, 3), 8192)).isFalse();
        assertThat(TableWord.isSane(TableWord.of(4096, 33), 1L << 46)).isFalse();
        assertThat(TableWord.isSane(TableWord.of(4096, 32), 1L << 35)).isFalse();
        assertThat(TableWord.isSane(TableWord.of(4096, 32), 1L << 36)).isTrue();
        assertThat(TableWord.isSane(-1L, 1L << 46)).isFalse();
        assertThat(TableWord.isSane(TableWord.NONE, 8192)).isTrue();
    }

    @Test
    void slotHoldsBlockAndTag() {
        long highest = MapHeader.REGION_MAX - 16;
        long slot = EntrySlot.of(-1L, highest);
        assertThat(EntrySlot.block(slot)).isEqualTo(highest);
        assertThat(EntrySlot.mayHave(slot, -1L)).isTrue();
        assertThat(EntrySlot.mayHave(slot, -1L << 43)).isTrue();
        assertThat(EntrySlot.mayHave(slot, -1L << 44)).isFalse();
        assertThat(EntrySlot.isTaken(EntrySlot.of(0, 4096))).isTrue();
    }

    @Test
    void emptySlotsAndTombstonesHaveNoEntry() {
        assertThat(EntrySlot.isTaken(EntrySlot.EMPTY)).isFalse();
        assertThat(EntrySlot.isTaken(EntrySlot.TOMBSTONE)).isFalse();
        assertThat(EntrySlot.mayHave(EntrySlot.TOMBSTONE, 0)).isFalse();
        assertThat(EntrySlot.block(EntrySlot.TOMBSTONE)).isLessThan(MapHeader.BYTES);
    }

    @Test
    void countsHoldEntriesAndTombstones() {
        long word = CountsWord.of((1L << 32) - 1, 3L << 30);
        assertThat(CountsWord.entries(word)).isEqualTo((1L << 32) - 1);
        assertThat(CountsWord.tombstones(word)).isEqualTo(3L << 30);
        assertThat(CountsWord.used(word)).isEqualTo((1L << 32) - 1 + (3L << 30));
    }

    @Test
    void fieldsOfABlockHeaderLieWhereThePictureDrawsThem() {
        assertThat(BlockHeader.of(3, 0, 0)).isEqualTo(0b11L << 62);
        assertThat(BlockHeader.of(0, 255, 0)).isEqualTo(0xFFL << 54);
        assertThat(BlockHeader.of(0, 0, SEQUENCE_MAX)).isEqualTo(SEQUENCE_MAX);
        long word = BlockHeader.of(BlockHeader.ENTRY, 122, SEQUENCE_MAX);
        assertThat(BlockHeader.kind(word)).isEqualTo(BlockHeader.ENTRY);
        assertThat(BlockHeader.sizeClass(word)).isEqualTo(122);
        assertThat(BlockHeader.sequence(word)).isEqualTo(SEQUENCE_MAX);
        assertThat(BlockHeader.toString(BlockHeader.of(BlockHeader.FREE, 2, 9)))
                .isEqualTo("FREE class=2 sequence=9");
    }

    @Test
    void lengthsOfAnEntryReachTheirLimits() {
        long lengths = BlockHeader.lengths(MapWriter.KEY_MAX, Integer.MAX_VALUE);
        assertThat(BlockHeader.keyLength(lengths)).isEqualTo(MapWriter.KEY_MAX);
        assertThat(BlockHeader.valueLength(lengths)).isEqualTo(Integer.MAX_VALUE);
        assertThat(BlockHeader.keyLength(BlockHeader.lengths(0, 5))).isZero();
    }

    @Test
    void everySizeHasTheSmallestClassThatHoldsIt() {
        assertThat(SizeClasses.COUNT).isEqualTo(123);
        assertThat(SizeClasses.bytes(SizeClasses.COUNT - 1)).isEqualTo(SizeClasses.LARGEST);
        assertThat(SizeClasses.of(1)).isZero();
        for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
            long bytes = SizeClasses.bytes(sizeClass);
            assertThat(bytes % BlockHeader.GRAIN).isZero();
            assertThat(SizeClasses.of(bytes)).isEqualTo(sizeClass);
            assertThat(SizeClasses.of(bytes - 1)).isEqualTo(sizeClass);
            if (sizeClass < SizeClasses.COUNT - 1) {
                assertThat(SizeClasses.of(bytes + 1)).isEqualTo(sizeClass + 1);
                assertThat(SizeClasses.bytes(sizeClass + 1))
                        .isLessThanOrEqualTo(bytes + Math.max(16, bytes / 4));
            }
        }
    }

    @Test
    void everyRangeIsOfFewBlocks() {
        for (long bytes = 32; bytes < 100_000; bytes += 16) {
            assertThat(pieces(bytes)).isBetween(1, BlockAllocator.PIECES_MAX);
        }
        RandomGenerator random = RandomGeneratorFactory.getDefault().create(1);
        for (int i = 0; i < 100_000; i++) {
            long bytes = Math.max(32, random.nextLong(SizeClasses.LARGEST >>> random.nextInt(30)) & -16);
            assertThat(pieces(bytes)).isBetween(1, BlockAllocator.PIECES_MAX);
        }
        assertThat(SizeClasses.largestIn(1L << 46)).isEqualTo(SizeClasses.COUNT - 1);
        assertThat(SizeClasses.largestIn(SizeClasses.LARGEST + 16)).isEqualTo(SizeClasses.COUNT - 2);
    }

    private static int pieces(long bytes) {
        int pieces = 0;
        for (long left = bytes; left > 0; pieces++) {
            left -= SizeClasses.bytes(SizeClasses.largestIn(left));
            assertThat(left).isNotNegative().isNotEqualTo(16);
        }
        return pieces;
    }

    @Test
    void everyChangeMayWriteWordsOfItsOwnOnly() {
        for (long offset : new long[] {MapHeader.MAGIC_AT, MapHeader.VERSION_AT, MapHeader.SIZE_AT, MapHeader.SEED_AT,
            MapHeader.STATE_AT, 64, 112, MapHeader.JOURNAL_AT, 4088, 8192, 8200, -8, Long.MIN_VALUE, 48 + 4}) {
            assertThat(MapHeader.mayChange(offset, 8192)).as("%d", offset).isFalse();
        }
        for (long offset : new long[] {MapHeader.HEADERS_SINCE_AT, MapHeader.TABLE_AT, MapHeader.COUNTS_AT,
            MapHeader.VALUE_BYTES_AT, MapHeader.TOP_AT, MapHeader.SWEEP_AT, MapHeader.SWEEP_RUN_AT,
            MapHeader.SWEEP_SINCE_AT, MapHeader.freeListAt(0), MapHeader.freeListAt(122), 4096, 8184}) {
            assertThat(MapHeader.mayChange(offset, 8192)).as("%d", offset).isTrue();
        }
    }

    @Test
    void headerDoesNotOverlapItself() {
        assertThat(MapHeader.COUNTS_AT + Long.BYTES).isEqualTo(64);
        assertThat(MapHeader.SWEEP_SINCE_AT).isEqualTo(104).isLessThan(MapHeader.FREE_LISTS_AT);
        assertThat(MapHeader.JOURNAL_AT).isEqualTo(1112);
        assertThat(MapHeader.JOURNAL_AT + Journal.CAPACITY * 16).isLessThanOrEqualTo(MapHeader.BYTES);
    }

    @Test
    void tableForSoManyEntriesIsAtMostHalfTaken() {
        assertThat(SlotTable.log2For(1)).isEqualTo(4);
        assertThat(SlotTable.log2For(8)).isEqualTo(4);
        assertThat(SlotTable.log2For(9)).isEqualTo(5);
        assertThat(SlotTable.log2For(1L << 31)).isEqualTo(32);
        assertThat(SlotTable.log2For((1L << 31) + 1)).isEqualTo(33);
    }
}
