package io.quire.memory.frame;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FrameWordTest {

    private static final int MAX = FrameWord.REFERENCES_MAX;

    @Test
    void fieldsLieWhereThePictureDrawsThem() {
        //        reserved.......................INCARNATION.......REFERENCES............
        assertThat(FrameWord.of(0, MAX)).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00001111_11111111_11111111L);
        assertThat(FrameWord.of(0xFFFF, 0)).isEqualTo(
                0b00000000_00000000_00000000_00001111_11111111_11110000_00000000_00000000L);
        assertThat(FrameWord.of(0x1_0001, 1)).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00010000_00000000_00000001L);
        assertThat(FrameWord.REFUSED).isNegative();
    }

    @Test
    void everyTransitionFromEveryStateDoesWhatThePictureSaysOrIsRefused() {
        for (int incarnation : new int[] {0, 1, 0x7FFF, 0x8000, 0xFFFF}) {
            for (int references : new int[] {0, 1, 2, 3, MAX - 1, MAX}) {
                long word = FrameWord.of(incarnation, references);
                assertThat(FrameWord.references(word)).isEqualTo(references);
                assertThat(FrameWord.incarnation(word)).isEqualTo(incarnation);
                assertThat(FrameWord.allocate(word))
                        .isEqualTo(references == 0 ? FrameWord.of(incarnation, 1) : FrameWord.REFUSED);
                assertThat(FrameWord.acquire(word)).isEqualTo(references == 0 || references == MAX
                        ? FrameWord.REFUSED : FrameWord.of(incarnation, references + 1));
                assertThat(FrameWord.release(word)).isEqualTo(references == 0 ? FrameWord.REFUSED
                        : FrameWord.of(references == 1 ? incarnation + 1 & 0xFFFF : incarnation,
                                references - 1));
            }
        }
    }

    @Test
    void textDecodesTheWord() {
        assertThat(FrameWord.toString(FrameWord.of(3, 0))).isEqualTo("FREE incarnation=3");
        assertThat(FrameWord.toString(FrameWord.of(0, 2))).isEqualTo("references=2 incarnation=0");
    }
}
