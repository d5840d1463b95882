package io.quire.memory.frame;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FrameWordTest {

    private static final int MAX = FrameWord.REFERENCES_MAX;

    @Test
    void fieldsLieWhereThePictureDrawsThem() {
        //        reserved....HOLDS.............INCARNATION.......REFERENCES............
        assertThat(FrameWord.of(0, MAX, 0)).isEqualTo(
                0b00000000_00000000_00000000_00000000_00000000_00001111_11111111_11111111L);
        assertThat(FrameWord.of(0xFFFF, 0, 0)).isEqualTo(
                0b00000000_00000000_00000000_00001111_11111111_11110000_00000000_00000000L);
        assertThat(FrameWord.of(0, 0, FrameWord.HOLDS_MAX)).isEqualTo(
                0b00000000_00001111_11111111_11110000_00000000_00000000_00000000_00000000L);
        assertThat(FrameWord.of(0x1_0001, 1, 0x1_0001)).isEqualTo(
                0b00000000_00000000_00000000_00010000_00000000_00010000_00000000_00000001L);
        assertThat(FrameWord.REFUSED).isNegative();
    }

    @Test
    void everyTransitionFromEveryStateDoesWhatThePictureSaysOrIsRefused() {
        for (int incarnation : new int[] {0, 1, 0x7FFF, 0x8000, 0xFFFF}) {
            for (int references : new int[] {0, 1, 2, 3, MAX - 1, MAX}) {
                for (int holds : new int[] {0, 1, 2, FrameWord.HOLDS_MAX - 1, FrameWord.HOLDS_MAX}) {
                    expectTransitions(incarnation, references, holds);
                }
            }
        }
    }

    private static void expectTransitions(int incarnation, int references, int holds) {
        long word = FrameWord.of(incarnation, references, holds);
        boolean isFree = references == 0 && holds == 0;
        int next = incarnation + 1 & 0xFFFF;
        assertThat(FrameWord.references(word)).isEqualTo(references);
        assertThat(FrameWord.incarnation(word)).isEqualTo(incarnation);
        assertThat(FrameWord.holds(word)).isEqualTo(holds);
        assertThat(FrameWord.isFree(word)).isEqualTo(isFree);
        assertThat(FrameWord.isSole(word)).isEqualTo(references == 1 && holds == 0);
        assertThat(FrameWord.allocate(word)).isEqualTo(isFree ? FrameWord.of(incarnation, 1, 0) : FrameWord.REFUSED);
        assertThat(FrameWord.acquire(word)).isEqualTo(references == 0 || references == MAX
                ? FrameWord.REFUSED : FrameWord.of(incarnation, references + 1, holds));
        assertThat(FrameWord.release(word)).isEqualTo(references == 0 ? FrameWord.REFUSED
                : FrameWord.of(references == 1 && holds == 0 ? next : incarnation, references - 1, holds));
        assertThat(FrameWord.hold(word)).isEqualTo(references == 0 || holds == FrameWord.HOLDS_MAX
                ? FrameWord.REFUSED : FrameWord.of(incarnation, references, holds + 1));
        assertThat(FrameWord.releaseHold(word)).isEqualTo(holds == 0 ? FrameWord.REFUSED
                : FrameWord.of(references == 0 && holds == 1 ? next : incarnation, references, holds - 1));
        for (int released : new int[] {0, 1, 2, MAX}) {
            boolean isLast = references == released && holds == 1;
            assertThat(FrameWord.releaseHeld(word, released)).isEqualTo(
                    references < released || holds == 0 ? FrameWord.REFUSED
                            : FrameWord.of(isLast ? next : incarnation, references - released, holds - 1));
        }
    }

    @Test
    void toStringDecodesTheWord() {
        assertThat(FrameWord.toString(FrameWord.of(3, 0, 0))).isEqualTo("FREE incarnation=3");
        assertThat(FrameWord.toString(FrameWord.of(0, 2, 1))).isEqualTo("references=2 holds=1 incarnation=0");
        assertThat(FrameWord.toString(FrameWord.of(0, 0, 1))).isEqualTo("references=0 holds=1 incarnation=0");
    }
}
