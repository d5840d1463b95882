package io.quire.memory.guard;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SlotWordTest {

    private static final int[] IDS = {1, 2, 0x7FFF_FFFF};
    private static final long[] TURNS = {0, 1, 0x7FFF_FFFF, 0x8000_0000L, 0xFFFF_FFFEL, 0xFFFF_FFFFL};

    @Test
    void fieldsLieWhereThePictureDrawsThem() {
        assertThat(SlotWord.enter(0, 0x7FFF_FFFF)).isEqualTo(
                0b01111111_11111111_11111111_11111111_00000000_00000000_00000000_00000001L);
        assertThat(SlotWord.enter(0xFFFF_FFFEL, 1)).isEqualTo(
                0b00000000_00000000_00000000_00000001_11111111_11111111_11111111_11111111L);
        assertThat(SlotWord.exit(-1)).isEqualTo(
                0b00000000_00000000_00000000_00000000_11111111_11111111_11111111_11111111L);
    }

    @Test
    void everyUseOfASlotIsWritingAndDiffersFromTheOneBefore() {
        for (long turn : TURNS) {
            assertThat(SlotWord.isIdle(turn)).isTrue();
            assertThat(SlotWord.spaceId(turn)).isZero();
            for (int id : IDS) {
                long writing = SlotWord.enter(turn, id);
                assertThat(SlotWord.isIdle(writing)).isFalse();
                assertThat(SlotWord.spaceId(writing)).isEqualTo(id);
                long idle = SlotWord.exit(writing);
                assertThat(idle).isEqualTo(turn + 1 & 0xFFFF_FFFFL);
                assertThat(SlotWord.isIdle(idle)).isTrue();
                assertThat(SlotWord.enter(idle, id)).isNotEqualTo(writing);
            }
        }
    }
}
