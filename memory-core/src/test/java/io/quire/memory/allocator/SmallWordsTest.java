package io.quire.memory.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** {@link FrameUnits}, {@link ReservationWord}, {@link TransferWord}, {@link Ticket}. */
class SmallWordsTest {
    private static final int LAST_FRAME = Integer.MAX_VALUE;

    @Test
    void unitsOfAFrameLieWhereThePictureDrawsThem() {
        int frame = 0b00000000000000000101_10_011_000111;
        assertThat(FrameUnits.rowOfFrame(frame)).isEqualTo(0b101_10_011);
        assertThat(FrameUnits.areaOfFrame(frame)).isEqualTo(0b101_10);
        assertThat(FrameUnits.areaOfRow(0b101_10_011)).isEqualTo(0b101_10);
        assertThat(FrameUnits.treeOfRow(0b101_10_011)).isEqualTo(0b101);
        assertThat(FrameUnits.treeOfArea(0b101_10)).isEqualTo(0b101);
        assertThat(FrameUnits.laneOfArea(0b101_10)).isEqualTo(0b10);
        assertThat(FrameUnits.areaOfTree(0b101, 0b10)).isEqualTo(0b101_10);
        assertThat(FrameUnits.firstRowOfArea(0b101_10)).isEqualTo(0b101_10_000);
        assertThat(FrameUnits.firstRowOfTree(0b101)).isEqualTo(0b101_00_000);
        assertThat(FrameUnits.lowestFrame(0b101_10_011, 0b1010_0000_0000L)).isEqualTo(0b101_10_011_001001);
    }

    @Test
    void rowsOfAnAreaGoInACircle() {
        for (int row = 0; row < 64; row++) {
            int next = row % 8 == 7 ? row - 7 : row + 1;
            assertThat(FrameUnits.nextRowOfArea(row)).isEqualTo(next);
        }
        int last = FrameUnits.rowOfFrame(LAST_FRAME);
        assertThat(FrameUnits.nextRowOfArea(last)).isEqualTo(last - 7);
    }

    @Test
    void nothingOverflowsAtTheLargestPool() {
        assertThat(FrameUnits.treesFor(LAST_FRAME)).isEqualTo(1 << 20);
        assertThat(FrameUnits.treesFor(1)).isEqualTo(1);
        assertThat(FrameUnits.treesFor(2048)).isEqualTo(1);
        assertThat(FrameUnits.treesFor(2049)).isEqualTo(2);
        assertThat(FrameUnits.treeOfRow(FrameUnits.rowOfFrame(LAST_FRAME))).isEqualTo((1 << 20) - 1);
        assertThat(FrameUnits.firstRowOfTree((1 << 20) - 1)).isEqualTo((1 << 25) - 32);
        assertThat(FrameUnits.lowestFrame((1 << 25) - 1, 1L << 63)).isEqualTo(LAST_FRAME);
        assertThat(ReservationWord.row(ReservationWord.held((1 << 25) - 1))).isEqualTo((1 << 25) - 1);
        assertThat(Ticket.area(Ticket.of((1 << 22) - 1, 512))).isEqualTo((1 << 22) - 1);
    }

    @Test
    void aReservationRemembersItsRowAndWhetherItHoldsTheTree() {
        assertThat(ReservationWord.startingAt(33)).isEqualTo(0b0_0000000000000000000100001L);
        assertThat(ReservationWord.held(33)).isEqualTo(0b1_0000000000000000000100001L);
        assertThat(ReservationWord.isHeld(ReservationWord.startingAt(33))).isFalse();
        assertThat(ReservationWord.isHeld(ReservationWord.held(33))).isTrue();
        assertThat(ReservationWord.tree(ReservationWord.held(33))).isEqualTo(1);
        assertThat(ReservationWord.holds(ReservationWord.held(33), 1)).isTrue();
        assertThat(ReservationWord.holds(ReservationWord.held(33), 0)).isFalse();
        assertThat(ReservationWord.holds(ReservationWord.startingAt(33), 1)).isFalse();
        assertThat(ReservationWord.movedTo(ReservationWord.held(33), 63)).isEqualTo(ReservationWord.held(63));
        assertThat(ReservationWord.movedTo(ReservationWord.startingAt(33), 1))
                .isEqualTo(ReservationWord.startingAt(1));
        assertThat(ReservationWord.toString(ReservationWord.held(33))).isEqualTo("row=33 tree=1 held");
    }

    @Test
    void aTransferRunsFromItsBeginToItsEndAndCountsOnce() {
        assertThat(TransferWord.BEGIN).isEqualTo(0x0000_0000_0100_0001L);
        assertThat(TransferWord.MOVE).isEqualTo(0x0000_0000_0100_0000L);
        long word = 0;
        assertThat(TransferWord.isRunning(word)).isFalse();
        word += TransferWord.BEGIN;
        assertThat(TransferWord.isRunning(word)).isTrue();
        assertThat(TransferWord.toString(word)).isEqualTo("moves=1 running=1");
        word += TransferWord.END;
        assertThat(TransferWord.isRunning(word)).isFalse();
        assertThat(TransferWord.moves(word + TransferWord.MOVE)).isEqualTo(2);
    }

    @Test
    void theCountOfMovesWrapsWithoutATrace() {
        long last = -1L << 24;
        assertThat(TransferWord.moves(last)).isEqualTo((1L << 40) - 1);
        assertThat(TransferWord.moves(last + TransferWord.BEGIN)).isZero();
        assertThat(TransferWord.isRunning(last + TransferWord.BEGIN)).isTrue();
        assertThat(TransferWord.isRunning(last + TransferWord.BEGIN + TransferWord.END)).isFalse();
    }

    @Test
    void aTicketNamesAnAreaAndACount() {
        assertThat(Ticket.of(3, 32)).isEqualTo(0x0000_0003_0000_0020L);
        assertThat(Ticket.area(Ticket.of(3, 32))).isEqualTo(3);
        assertThat(Ticket.count(Ticket.of(3, 32))).isEqualTo(32);
        assertThat(Ticket.count(Ticket.NONE)).isZero();
    }
}
