package io.quire.memory.tier;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GhostTest {

    @Test
    void fieldsLieWhereThePictureDrawsThem() {
        //                                            TAG.................EPOCH.......
        assertThat(GhostWord.of(0xF_FFFF, 0)).isEqualTo(0b11111111_11111111_11110000_00000000);
        assertThat(GhostWord.of(0x1234_5678, 0x1FFF)).isEqualTo(0b01000101_01100111_10001111_11111111);
        assertThat(GhostWord.of(0, 0)).isNotEqualTo(GhostWord.EMPTY);
    }

    @Test
    void agesAreDistancesAlsoWhenEpochsWrap() {
        for (int epoch : new int[] {0, 1, 4095, 4096, 1 << 20, Integer.MAX_VALUE}) {
            for (int age : new int[] {0, 1, 1024, 4095}) {
                assertThat(GhostWord.age(GhostWord.of(7, epoch), epoch + age)).isEqualTo(age);
            }
        }
    }

    @Test
    void emptyWordsMatchNoPage() {
        for (int fingerprint : new int[] {0, 1, 1 << 20, -1}) {
            assertThat(GhostWord.matches(GhostWord.EMPTY, fingerprint)).isFalse();
            assertThat(GhostWord.matches(GhostWord.of(fingerprint, 3), fingerprint)).isTrue();
        }
    }

    @Test
    void pagesAreRecalledOnce() {
        Ghost ghost = new Ghost(100);
        ghost.remember(fingerprint(1));
        assertThat(ghost.recall(fingerprint(2))).isFalse();
        assertThat(ghost.recall(fingerprint(1))).isTrue();
        assertThat(ghost.recall(fingerprint(1))).isFalse();
    }

    @Test
    void theLastPagesAreKnownAndOlderOnesForgotten() {
        for (int capacity : new int[] {1, 11, 100, 5_000, 100_000}) {
            Ghost ghost = new Ghost(capacity);
            IntStream.range(0, 20 * capacity).forEach(page -> ghost.remember(fingerprint(page)));
            // The ghost may still remember pages that are too old by less than an epoch.
            int slack = 1 + capacity / 1000;
            assertThat(known(ghost, 0, 19 * capacity - slack)).as("capacity %d, old", capacity)
                    .isLessThanOrEqualTo(20 * capacity / 10_000);
            assertThat(known(ghost, 19 * capacity, 20 * capacity)).as("capacity %d, new", capacity)
                    .isGreaterThanOrEqualTo((int) (0.97 * capacity));
        }
    }

    @Test
    void forgottenPagesStayForgottenWhenEpochsWrap() {
        Ghost ghost = new Ghost(16);
        ghost.remember(fingerprint(-1));
        for (int page = 0; page < 3 * 4096; page++) {
            ghost.remember(fingerprint(page));
            assertThat(ghost.size()).isLessThanOrEqualTo(17);
        }
        assertThat(ghost.recall(fingerprint(-1))).isFalse();
    }

    private static int known(Ghost ghost, int from, int to) {
        return (int) IntStream.range(from, to).filter(page -> ghost.recall(fingerprint(page))).count();
    }

    private static int fingerprint(int page) {
        return Fingerprint.of(page * 4096L);
    }
}
