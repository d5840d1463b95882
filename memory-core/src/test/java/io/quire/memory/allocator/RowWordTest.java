package io.quire.memory.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RowWordTest {
    @Test
    void frameZeroIsTheLowestBit() {
        assertThat(RowWord.bit(0)).isEqualTo(0b1L);
        assertThat(RowWord.bit(63)).isEqualTo(0x8000_0000_0000_0000L);
        assertThat(RowWord.bit(64 + 5)).isEqualTo(0b10_0000L);
    }

    @Test
    void runsAreDrawnByOrder() {
        assertThat(RowWord.run(0, 0)).isEqualTo(0x0000_0000_0000_0001L);
        assertThat(RowWord.run(2, 1)).isEqualTo(0x0000_0000_0000_000CL);
        assertThat(RowWord.run(4, 2)).isEqualTo(0x0000_0000_0000_00F0L);
        assertThat(RowWord.run(64 + 8, 3)).isEqualTo(0x0000_0000_0000_FF00L);
        assertThat(RowWord.run(48, 4)).isEqualTo(0xFFFF_0000_0000_0000L);
        assertThat(RowWord.run(32, 5)).isEqualTo(0xFFFF_FFFF_0000_0000L);
        assertThat(RowWord.run(0, 6)).isEqualTo(0xFFFF_FFFF_FFFF_FFFFL);
    }

    @Test
    void lowestTakesTheLowestClearBits() {
        assertThat(RowWord.lowest(0, 1)).isEqualTo(0b1L);
        assertThat(RowWord.lowest(0, 32)).isEqualTo(0x0000_0000_FFFF_FFFFL);
        assertThat(RowWord.lowest(0, 64)).isEqualTo(-1L);
        assertThat(RowWord.lowest(0b0101L, 3)).isEqualTo(0b11_1010L & ~0b10_0000L | 0b01_0000L);
        assertThat(RowWord.lowest(-1L, 64)).isZero();
        assertThat(RowWord.lowest(-1L, 1)).isZero();
    }

    @Test
    void lowestAgreesWithALoopOverTheBits() {
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 20_000; round++) {
            long word = random.nextLong() & random.nextLong();
            int want = random.nextInt(1, 65);
            long expected = 0;
            for (int bit = 0; bit < 64 && Long.bitCount(expected) < want; bit++) {
                expected |= ~word & 1L << bit;
            }
            assertThat(RowWord.lowest(word, want)).isEqualTo(expected);
        }
    }

    @Test
    void everyRunOfEveryOrderIsFoundIfNothingElseIsFree() {
        for (int order = 0; order <= RowWord.ORDER_MAX; order++) {
            for (int frame = 0; frame < 64; frame += 1 << order) {
                long run = RowWord.run(frame, order);
                assertThat(RowWord.lowestRun(~run, order)).isEqualTo(run);
                for (long rest = run; rest != 0; rest &= rest - 1) {
                    assertThat(RowWord.lowestRun(~run | Long.lowestOneBit(rest), order)).isZero();
                }
            }
        }
    }

    @Test
    void runsThatAreNotAlignedAreNotFound() {
        assertThat(RowWord.lowestRun(~0b0110L, 1)).isZero();
        assertThat(RowWord.lowestRun(~(0xFFL << 4), 3)).isZero();
        assertThat(RowWord.lowestRun(~(0xFFFFL << 8), 3)).isEqualTo(0xFF00L);
    }

    @Test
    void lowestRunAgreesWithALoopOverTheRuns() {
        SplittableRandom random = new SplittableRandom(2);
        for (int round = 0; round < 20_000; round++) {
            long word = random.nextLong() & random.nextLong() & random.nextLong();
            for (int order = 0; order <= RowWord.ORDER_MAX; order++) {
                long expected = 0;
                for (int frame = 64 - (1 << order); frame >= 0; frame -= 1 << order) {
                    expected = (word & RowWord.run(frame, order)) == 0 ? RowWord.run(frame, order) : expected;
                }
                assertThat(RowWord.lowestRun(word, order)).isEqualTo(expected);
            }
        }
    }

    @Test
    void takeAndGiveAreInverse() {
        assertThat(RowWord.take(0b0101L, 0b1010L)).isEqualTo(0b1111L);
        assertThat(RowWord.give(0b1111L, 0b1010L)).isEqualTo(0b0101L);
        assertThat(RowWord.free(0b0101L)).isEqualTo(62);
        assertThat(RowWord.allTaken(0b0101L, 0b0101L)).isTrue();
        assertThat(RowWord.allTaken(0b0101L, 0b0111L)).isFalse();
        assertThat(RowWord.toString(-2L)).isEqualTo("0xfffffffffffffffe");
    }
}
